"""Keeping a copy of the catalogue in line with another: products that differ are brought over, and
products that are gone go.

Whoever writes a product aligns it afterwards, and whoever aligns looks again after it wrote. So of
two who align one product at once, the one who saw the later state has the last word: nothing that
was deleted comes back, and nothing newer is overwritten."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lookalike.catalog.change import followed
from lookalike.errors import IndexAway
from lookalike.index.protocol import ProductIndex, Stamp, Stored, Write

PAGE = 10_000
"""Stamps read at once."""

AT_ONCE = 500
"""Products aligned at once."""

_ROUNDS = 20


class Alignment:
    """Aligns `copy`, whose vectors are of the model with the digest `model`, with `source`."""

    def __init__(self, source: ProductIndex, copy: ProductIndex, model: str) -> None:
        self._source = source
        self._copy = copy
        self._model = model

    def align(self, tenant: str, ids: Collection[str]) -> None:
        """Brings the copy in line for these products. Raises `IndexAway` and `Outdated`."""
        for _ in range(_ROUNDS):
            ids = self._round(tenant, list(ids))
            if not ids:
                return
        raise IndexAway("Others keep changing the same products. Send the request again.")

    def _round(self, tenant: str, ids: list[str]) -> set[str]:
        """Writes to the copy once; gives those that are to be looked at again."""
        wanted, had = self._source.get(tenant, ids), self._copy.get(tenant, ids)
        gone = had.keys() - wanted.keys()
        writes = [write for id, each in wanted.items() if (write := self._write(each, had.get(id)))]
        if gone:
            self._copy.delete(tenant, sorted(gone))
        done = self._copy.write(tenant, writes) if writes else []
        touched = gone | {write.product.id for write in writes}
        if not touched:
            return set()
        now = self._source.get(tenant, sorted(touched))
        lost = {each.product.id for each, ok in zip(writes, done, strict=True) if not ok}
        return lost | {id for id in touched if _revision(now.get(id)) != _revision(wanted.get(id))}

    def _write(self, source: Stored, copy: Stored | None) -> Write | None:
        """What brings the copy in line; None where it is. Of new ones none is overwritten."""
        change = followed(source.product, copy.product if copy else None, self._model)
        if copy and change.product == copy.product:
            return None
        return Write(change.product, copy.revision if copy else None, change.vectors)

    def all(self) -> Iterator[int]:
        """Aligns everything that differs, over all tenants; gives after each step how many products
        were looked at since the last one."""
        by_tenant: dict[str, list[str]] = {}
        for looked, different in self._compared():
            for tenant, id in different:
                by_tenant.setdefault(tenant, []).append(id)
            for tenant, ids in by_tenant.items():
                for start in range(0, len(ids), AT_ONCE):
                    self.align(tenant, ids[start : start + AT_ONCE])
                    yield 0
            by_tenant.clear()
            yield looked

    def _compared(self) -> Iterator[tuple[int, set[tuple[str, str]]]]:
        """Both sides' stamps, page by page in one order: how many of the source's were looked at,
        and which products are not the same on both sides."""
        after: tuple[str, str] | None = None
        while True:
            ours = self._source.stamps(after, PAGE)
            theirs = self._copy.stamps(after, PAGE)
            ends = [page[-1].place for page in (ours, theirs) if len(page) == PAGE]
            end = min(ends) if ends else None
            one, other = _until(ours, end), _until(theirs, end)
            different = {each.place for each in one ^ other}
            yield len(one), different
            if end is None:
                return
            after = end


def _until(page: list[Stamp], end: tuple[str, str] | None) -> set[Stamp]:
    return {each for each in page if end is None or each.place <= end}


def _revision(stored: Stored | None) -> str | None:
    return stored.revision if stored else None
