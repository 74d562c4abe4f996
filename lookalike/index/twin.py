"""The `ProductIndex` that everybody uses: the serving edition, and while there is another one,
every write reaches that one, too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from lookalike.catalog.product import Part
from lookalike.errors import IndexAway
from lookalike.index.alignment import Alignment
from lookalike.index.editions import Edition, Outdated, State
from lookalike.index.pausing import pauses
from lookalike.index.protocol import (
    ByWords,
    Candidates,
    Counts,
    Fingerprint,
    Listing,
    Nearest,
    Neighbours,
    Page,
    ProductIndex,
    Revision,
    Stamp,
    Stored,
    Vector,
    Write,
)
from lookalike.index.watch import SWITCH_PATIENCE_S, Watch

_T = TypeVar("_T")


class TwinIndex:
    """Products as the serving edition has them; vectors as the edition of one model has them, so
    that what embedded a query by that model finds its neighbours, also in the moment of a switch.
    """

    def __init__(self, watch: Watch, model: str) -> None:
        self._watch = watch
        self._model = model

    def get(self, tenant: str, ids: Sequence[str]) -> dict[str, Stored]:
        """The products with these ids, by id; unknown ones are left out."""

        def get(edition: Edition, index: ProductIndex) -> dict[str, Stored]:
            return {
                id: Stored(each.product, _signed(edition, each.revision))
                for id, each in index.get(tenant, ids).items()
            }

        return self._reading(_serving, get)

    def fingerprints(self, tenant: str, ids: Sequence[str]) -> dict[str, Fingerprint]:
        """The fingerprints of the products with these ids, by id."""
        return self._reading(_serving, lambda _, index: index.fingerprints(tenant, ids))

    def write(self, tenant: str, writes: Sequence[Write]) -> list[bool]:
        """Writes each product whose `read` still stands. What was read from an edition that does
        not serve any more does not stand."""
        done = self._writing(lambda state, index: _write(state.serving, index, tenant, writes))
        ids = [each.product.id for each, ok in zip(writes, done, strict=True) if ok]
        self._align(tenant, ids)
        return done

    def delete(self, tenant: str, ids: Sequence[str]) -> set[str]:
        """Removes these products and their vectors for good; gives the ids that were there."""
        gone = self._writing(lambda _, index: index.delete(tenant, ids))
        self._align(tenant, ids)
        return gone

    def delete_tenant(self, tenant: str) -> None:
        """Removes all products of the tenant, from every edition."""

        def delete(state: State, index: ProductIndex) -> None:
            index.delete_tenant(tenant)
            if state.other:
                self._open(state.other, state).delete_tenant(tenant)

        self._writing(delete)

    def page(self, tenant: str, listing: Listing) -> Page:
        """One page of the tenant's products, active or not."""
        return self._reading(_serving, lambda _, index: index.page(tenant, listing))

    def vector(self, tenant: str, id: str, part: Part) -> Vector | None:
        """The vector of one part for the model, or None."""
        return self._reading(self._home, lambda _, index: index.vector(tenant, id, part))

    def nearest(self, tenant: str, query: Nearest) -> Neighbours:
        """The active products nearest to a vector of the model."""
        return self._reading(self._home, lambda _, index: index.nearest(tenant, query))

    def by_words(self, tenant: str, query: ByWords) -> Candidates:
        """The active products that match words."""
        return self._reading(self._home, lambda _, index: index.by_words(tenant, query))

    def owed(self, after: tuple[str, str] | None, limit: int) -> list[tuple[str, str]]:
        """Up to `limit` (tenant, id) of active products that owe a part, beyond `after`."""
        return self._reading(_serving, lambda _, index: index.owed(after, limit))

    def unchecked(self, before: datetime, limit: int) -> list[tuple[str, str]]:
        """Active products whose picture was last looked at before that time, longest ago first."""
        return self._reading(_serving, lambda _, index: index.unchecked(before, limit))

    def stamps(self, after: tuple[str, str] | None, limit: int) -> list[Stamp]:
        """Up to `limit` stamps of all products of all tenants, in their order, beyond `after`."""
        return self._reading(_serving, lambda _, index: index.stamps(after, limit))

    def counts(self, tenant: str | None) -> Counts:
        """How many products there are, and how far the active ones are."""
        return self._reading(_serving, lambda _, index: index.counts(tenant))

    def refresh(self) -> None:
        """Returns once searches and lists see everything that was written before."""
        for index in self._watch.opened():
            index.refresh()

    def close(self) -> None:
        """Gives back connections."""
        self._watch.editions.close()

    def _open(self, edition: Edition, state: State) -> ProductIndex:
        return self._watch.editions.open(edition, state.epoch)

    def _home(self, state: State) -> Edition:
        """The edition with the model's vectors."""
        for edition in state.editions:
            if edition.model == self._model:
                return edition
        raise IndexAway("The catalogue serves another model by now. Try again.")

    def _reading(
        self, choose: Callable[[State], Edition], read: Callable[[Edition, ProductIndex], _T]
    ) -> _T:
        """Reads from an edition, again where it was dropped since one looked."""
        state = self._watch.state()
        try:
            edition = choose(state)
            return read(edition, self._open(edition, state))
        except Outdated:
            state = self._watch.reload()
            edition = choose(state)
            return read(edition, self._open(edition, state))

    def _writing(self, write: Callable[[State, ProductIndex], _T]) -> _T:
        """Writes to the serving edition, again where another one serves by now."""
        for _ in pauses(SWITCH_PATIENCE_S):
            state = self._watch.for_writing()
            try:
                return write(state, self._open(state.serving, state))
            except Outdated:
                self._watch.catch_up(state)
        raise IndexAway("The catalogue's editions keep changing. Send the request again.")

    def _align(self, tenant: str, ids: Collection[str]) -> None:
        """Brings the other edition in line, if there is one by now."""

        def align(state: State, index: ProductIndex) -> None:
            if state.other and ids:
                copy = self._open(state.other, state)
                Alignment(index, copy, state.other.model).align(tenant, ids)

        self._writing(align)


def _serving(state: State) -> Edition:
    return state.serving


def _write(
    edition: Edition, index: ProductIndex, tenant: str, writes: Sequence[Write]
) -> list[bool]:
    """Writes those that are new or were read from this edition; the others lost."""
    standing = [each.read is None or each.read.startswith(f"{edition.name}/") for each in writes]
    unsigned = [
        replace(each, read=each.read and _unsigned(each.read))
        for each, stands in zip(writes, standing, strict=True)
        if stands
    ]
    done = iter(index.write(tenant, unsigned))
    return [stands and next(done) for stands in standing]


def _signed(edition: Edition, revision: Revision) -> Revision:
    return Revision(f"{edition.name}/{revision}")


def _unsigned(revision: Revision) -> Revision:
    return Revision(revision.partition("/")[2])
