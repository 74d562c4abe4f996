"""Requests of the visual API as plain values of the capability; wrong ones raise `Invalid`."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from marshmallow import Schema, ValidationError

from lookalike.accounts.tiers import Tier
from lookalike.catalog.category import segments
from lookalike.catalog.change import Upload
from lookalike.catalog.folding import fold
from lookalike.catalog.metadata import term
from lookalike.catalog.product import product_id as id_of
from lookalike.catalog.tokens import tokens
from lookalike.errors import Invalid, NotFound, TooLarge
from lookalike.index.protocol import ListFilters, Listing, SearchFilters
from lookalike.search.query import ImageBytes, ImageUrl, ProductRef, SearchQuery, Subject
from webapp.body import NotJson, parse_json
from webapp.paging import position_of
from webapp.visual.schemas import SUBJECTS, Deletion, ProductUpload, SearchRequest

_FACTS = {"title": "name", "category": "category_path"}
"""What the visual API calls otherwise than `Facts`."""

_WRONG = "Some values are wrong; `errors` names each and says what it must be."
_UPLOAD = ProductUpload()
_SEARCH = SearchRequest()
_DELETION = Deletion()
_NOT_TEXT = ("max_results", "similarity_threshold", "min_price", "max_price", "metadata")
"""Options whose JSON value is no text."""


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
        values = _load(_UPLOAD, sent)
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


def line(number: int, item: Item) -> str:
    """Why an item of a batch was no product, as a line of its job's errors."""
    name = item.external_id or f"item {number + 1}"
    if item.error is None:
        return name
    fields = "; ".join(f"{field}: {' '.join(why)}" for field, why in item.error.errors.items())
    return f"{name}: {fields or item.error.detail}"


def search(sent: Mapping[str, Any], picture: bytes | None = None) -> SearchQuery:
    """Checks a search; `picture` is a multipart request's file. Raises `Invalid`."""
    values = _load(_SEARCH, sent)
    subject = _subject(values, picture)
    if subject is None and "query" not in values:
        raise Invalid(f"Say what to search with: query, image, {', '.join(SUBJECTS)}.")
    return SearchQuery(
        subject=subject,
        words=values.get("query"),
        max_results=values["max_results"],
        threshold=values.get("similarity_threshold"),
        filters=SearchFilters(
            category=segments(values.get("category")),
            min_price=values.get("min_price"),
            max_price=values.get("max_price"),
            metadata=_metadata_terms(values.get("metadata", {})),
        ),
    )


def search_form(form: Mapping[str, str], picture: bytes) -> SearchQuery:
    """Checks a multipart search, whose options come as text. Raises `Invalid`."""
    sent = {name: _unquoted(text) if name in _NOT_TEXT else text for name, text in form.items()}
    return search(sent, picture)


def listing(query: Mapping[str, Any]) -> Listing:
    """Which page of the products is asked for. Raises `Invalid`."""
    cursor = query.get("cursor")
    return Listing(
        limit=query["limit"],
        skip=0 if cursor else (query["page"] - 1) * query["limit"],
        after=position_of(cursor) if cursor else None,
        filters=ListFilters(
            external_id=query.get("external_id"),
            sku=query.get("sku"),
            brand=fold(query["brand"]) if "brand" in query else None,
            category=fold(query["category"]) if "category" in query else None,
            tokens=tuple(tokens(query.get("search", ""))),
            status=query.get("embedding_status"),
            is_active=query.get("is_active"),
        ),
    )


def deletion(sent: Mapping[str, Any], tenant: str, tier: Tier) -> list[tuple[str, str | None]]:
    """The ids, each with the external_id by which it was named. Raises `Invalid`, `TooLarge`."""
    values = _load(_DELETION, sent)
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


def _subject(values: Mapping[str, Any], picture: bytes | None) -> Subject | None:
    if picture is not None:
        if named := [name for name in SUBJECTS if name in values]:
            detail = "Send only one of them."
            raise Invalid(detail, {f"image and {named[0]}": [detail]})
        return ImageBytes(picture, "image")
    if "product_id" in values:
        return ProductRef(str(values["product_id"]))
    if "image_url" in values:
        return ImageUrl(values["image_url"])
    if "image_base64" in values:
        return ImageBytes(_decoded(values["image_base64"]), "image_base64")
    return None


def _metadata_terms(wanted: Mapping[str, Any]) -> tuple[frozenset[str], ...]:
    return tuple(
        frozenset(filter(None, (term(key, each) for each in _listed(value))))
        for key, value in wanted.items()
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _unquoted(text: str) -> Any:
    """A form's text as the JSON value that it is, or as text where it is none."""
    try:
        return parse_json(text.encode())
    except NotJson:
        return text


def _decoded(text: str) -> bytes:
    if text.startswith("data:"):
        _, _, text = text.partition(",")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        detail = "Must be a picture's bytes in base64."
        raise Invalid(detail, {"image_base64": [detail]}) from error


def _repeated(item: Item) -> Item:
    error = Invalid("This external_id comes again later in the batch; the last one was stored.")
    return Item(None, item.external_id, item.ignored, error)


def _load(schema: Schema, sent: Mapping[str, Any]) -> dict[str, Any]:
    try:
        values: dict[str, Any] = schema.load(sent)
    except ValidationError as error:
        raise Invalid(_WRONG, cast(dict[str, list[str]], error.messages)) from error
    return values
