"""A search as it is sent, as a plain value of the capability; a wrong one raises `Invalid`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from lookalike.catalog.category import segments
from lookalike.catalog.metadata import term
from lookalike.errors import Invalid
from lookalike.index.protocol import SearchFilters
from lookalike.search.query import ImageBytes, ImageUrl, ProductRef, SearchQuery, Subject
from webapp.body import NotJson, parse_json
from webapp.loading import load
from webapp.search.schemas import SUBJECTS, SearchRequest

_SEARCH = SearchRequest()
_NOT_TEXT = ("max_results", "similarity_threshold", "min_price", "max_price", "metadata")
"""Options whose JSON value is no text."""


def search(sent: Mapping[str, Any], picture: bytes | None = None) -> SearchQuery:
    """Checks a search; `picture` is a multipart request's file. Raises `Invalid`."""
    values = load(_SEARCH, sent)
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
