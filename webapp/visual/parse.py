"""Requests of the visual API as plain values of the capability; wrong ones raise `Invalid`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lookalike.accounts.tiers import Tier
from lookalike.catalog.change import Upload
from lookalike.catalog.product import product_id as id_of
from lookalike.errors import Invalid, NotFound, TooLarge
from webapp.loading import load
from webapp.visual.schemas import Deletion, ProductUpload

_FACTS = {"title": "name", "category": "category_path"}
"""What the visual API calls otherwise than `Facts`."""

_UPLOAD = ProductUpload()
_DELETION = Deletion()


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an upload: what to store, or why it cannot be."""

    upload: Upload | None
    external_id: str | None
    ignored: list[str]
    error: Invalid | None = None


def upload_item(sent: Any) -> Item:
    """Checks one product. The item carries its error, so that a batch goes on without it."""
    if not isinstance(sent, dict):
        return Item(None, None, [], Invalid("A product must be an object, in braces."))
    ignored = sorted(name for name in sent if name not in _UPLOAD.fields)
    try:
        values = load(_UPLOAD, sent)
    except Invalid as error:
        named = sent.get("external_id")
        return Item(None, named if isinstance(named, str) else None, ignored, error)
    external_id = values.pop("external_id", None)
    facts = {_FACTS.get(name, name): value for name, value in values.items()}
    generated = external_id is None
    key = str(uuid.uuid4()) if external_id is None else external_id
    return Item(Upload(key, facts, generated), external_id, ignored)


def upload_batch(sent: Any, tier: Tier) -> list[Item]:
    """Checks each product of a batch. A key's last item wins; earlier ones fail and say so.

    Raises `Invalid` (no list, or an empty one) and `TooLarge` (more than the tier allows).
    """
    if not isinstance(sent, list) or not sent:
        detail = "`products` must be a list with at least one product."
        raise Invalid(detail, {"products": [detail]})
    if len(sent) > tier.batch_size:
        raise TooLarge(
            f"A batch may hold {tier.batch_size} products on your tier; this one has {len(sent)}. "
            "Send it in parts."
        )
    items = [upload_item(each) for each in sent]
    last = {item.upload.key: at for at, item in enumerate(items) if item.upload}
    return [
        item if item.upload is None or last[item.upload.key] == at else _repeated(item)
        for at, item in enumerate(items)
    ]


def deletion(sent: Mapping[str, Any], tenant: str, tier: Tier) -> list[tuple[str, str | None]]:
    """The ids, each with the external_id by which it was named. Raises `Invalid`, `TooLarge`."""
    values = load(_DELETION, sent)
    if not values:
        raise Invalid("Say which products to delete: ids or external_ids.")
    named = [(str(id), None) for id in values.get("ids", ())] + [
        (id_of(tenant, key), key) for key in values.get("external_ids", ())
    ]
    if len(named) > tier.batch_size:
        raise TooLarge(
            f"At most {tier.batch_size} products may be deleted at once on your tier; these are "
            f"{len(named)}. Send them in parts."
        )
    return named


def product_id(text: str) -> str:
    """A product's id from the path, in its one canonical form. Raises `NotFound`."""
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise NotFound("There is no product with this id: ids are UUIDs.") from error


def _repeated(item: Item) -> Item:
    error = Invalid("This external_id comes again later in the batch; the last one was stored.")
    return Item(None, item.external_id, item.ignored, error)
