"""Requests of the feed API as plain values of the capability; wrong ones raise `Invalid`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from lookalike.catalog.bulk import Refusal
from lookalike.catalog.change import Patch, Upload
from lookalike.errors import Invalid
from webapp.feed.quick import is_plainly_right
from webapp.feed.schemas import FeedChanges, FeedProduct
from webapp.loading import load, refusal
from webapp.streaming import elements

_PRODUCT = FeedProduct()
_CHANGES = FeedChanges()
_KNOWN = _PRODUCT.fields.keys()
MOST_IGNORED = 100
"""Names of unknown fields that an answer tells."""

_REPEATED = "This sku comes again later in the request; the last one was stored."


@dataclass(slots=True)
class Feed:
    """The products of an upload's body. Made, the whole body is known to be JSON; `ignored` names
    unknown fields once `items` is through."""

    file: BinaryIO
    ignored: set[str] = field(default_factory=set)
    _last: dict[bytes, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Goes through the body once, noting where each sku comes last.

        Raises `NotJson` and `Invalid`.
        """
        for number, sent in enumerate(elements(self.file, "products", self._ignore)):
            if isinstance(sent, dict) and isinstance(sent.get("sku"), str):
                self._last[_digest(sent["sku"])] = number

    def items(self) -> Iterator[Upload | Refusal]:
        """Each product, or why it is none; of those with the same sku the last."""
        for number, sent in enumerate(elements(self.file, "products", self._ignore)):
            try:
                yield self._item(number, sent)
            except Invalid as error:
                sku = sent.get("sku") if isinstance(sent, dict) else None
                yield Refusal(refusal(number, sku, error))

    def _item(self, number: int, sent: Any) -> Upload:
        if not isinstance(sent, dict):
            raise Invalid("A product must be an object, in braces.")
        for name in sent.keys() - _KNOWN:
            self._ignore(name)
        values = sent if is_plainly_right(sent) else load(_PRODUCT, sent)
        key = values["sku"]
        if self._last[_digest(key)] != number:
            raise Invalid(_REPEATED)
        return Upload(key, _facts(values), is_active=values.get("is_active"))

    def _ignore(self, name: str) -> None:
        if len(self.ignored) < MOST_IGNORED:
            self.ignored.add(name)


def changes(sent: Mapping[str, Any]) -> tuple[Patch, list[str]]:
    """What a partial update changes, and the names of fields that are not known.

    Raises `Invalid` for wrong values, for a `sku`, and where nothing is to change.
    """
    if "sku" in sent:
        detail = "A product keeps its sku; upload the new one and delete this one."
        raise Invalid(detail, {"sku": [detail]})
    values = load(_CHANGES, sent)
    if not values:
        raise Invalid(f"Name at least one field to change: {', '.join(_CHANGES.fields)}.")
    ignored = sorted(sent.keys() - _CHANGES.fields.keys())
    return Patch(_facts(values), values.get("is_active")), ignored


def _facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """By the names of `Facts`, of which the feed API calls one otherwise."""
    facts = {
        name: value
        for name, value in values.items()
        if name in _KNOWN and name not in {"sku", "is_active", "attributes"}
    }
    if "attributes" in values:
        facts["metadata"] = values["attributes"]
    return facts


def _digest(sku: str) -> bytes:
    """A short stand-in for a sku: of a large upload all are held at once."""
    return hashlib.md5(sku.encode(errors="surrogatepass"), usedforsecurity=False).digest()
