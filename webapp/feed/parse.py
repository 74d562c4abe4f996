"""Requests of the feed API as plain values of the capability; wrong ones raise `Invalid`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from lookalike.catalog.bulk import Refusal
from lookalike.catalog.change import Patch, Upload
from lookalike.errors import Invalid
from webapp.feed.quick import is_plainly_right
from webapp.feed.repeats import Repeats
from webapp.feed.schemas import FeedChanges, FeedProduct
from webapp.loading import load, refusal
from webapp.streaming import elements

_PRODUCT = FeedProduct()
_CHANGES = FeedChanges()
_KNOWN = _PRODUCT.fields.keys()
MOST_IGNORED = 100
"""Names of unknown fields that an answer tells."""
LONGEST_IGNORED = 256
"""Characters of such a name that it tells."""

_REPEATED = "This sku comes again later in the request; the last one was stored."


class Feed:
    """The products of an upload's body. Made, the whole body is known to be JSON; `ignored` names
    unknown fields once `items` is through."""

    def __init__(self, file: BinaryIO) -> None:
        """Goes through the body, and once more where a sku comes again: the last that is a product
        counts, so that a bad one sinks no good one.

        Raises `NotJson` and `Invalid`.
        """
        self.ignored: set[str] = set()
        self._file = file
        self._repeats = Repeats(sku for sent in self._sent() if (sku := _sku(sent)) is not None)
        if self._repeats:
            for number, sent in enumerate(self._sent()):
                with suppress(Invalid):
                    self._repeats.note(_values(sent)["sku"], number)

    def items(self) -> Iterator[Upload | Refusal]:
        """Each product, or why it is none; of those with the same sku the last."""
        for number, sent in enumerate(self._sent()):
            try:
                yield self._item(number, sent)
            except Invalid as error:
                yield Refusal(refusal(number, _sku(sent), error))

    def _sent(self) -> Iterator[Any]:
        return elements(self._file, "products", self._ignore)

    def _item(self, number: int, sent: Any) -> Upload:
        if isinstance(sent, dict):
            for name in sent.keys() - _KNOWN:
                self._ignore(name)
        values = _values(sent)
        key = values["sku"]
        if not self._repeats.is_last(key, number):
            raise Invalid(_REPEATED)
        return Upload(key, _facts(values), is_active=values.get("is_active"))

    def _ignore(self, name: str) -> None:
        if len(self.ignored) < MOST_IGNORED:
            self.ignored.add(name[:LONGEST_IGNORED])


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


def _sku(sent: Any) -> str | None:
    """What an item, which may be anything, gives as its sku."""
    sku = sent.get("sku") if isinstance(sent, dict) else None
    return sku if isinstance(sku, str) else None


def _values(sent: Any) -> Mapping[str, Any]:
    """The values of a product. Raises `Invalid` where it is none."""
    if not isinstance(sent, dict):
        raise Invalid("A product must be an object, in braces.")
    return sent if is_plainly_right(sent) else load(_PRODUCT, sent)


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
