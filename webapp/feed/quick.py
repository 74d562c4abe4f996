"""A quick look at an uploaded product, which passes what is plainly right.

Of a nightly push nearly every product is, and a schema object costs ten times as much as the rest
of its way. What this look does not pass is not wrong: the schema then says whether it is, and
why."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from webapp.fields import MOST_AMOUNT

_LINK = re.compile(r"https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:\d{1,5})?(/[!-~]*)?", re.ASCII)


def _encodes(text: str) -> bool:
    """Whether it is text: half of a surrogate pair has no bytes."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _text(most: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is str and len(value) <= most and _encodes(value)


def _is_name(value: Any) -> bool:
    return _is_long_name(value) and value.strip() != ""


def _is_key(value: Any) -> bool:
    return (
        type(value) is str
        and 1 <= len(value) <= 512
        and value.isprintable()
        and value == value.strip()
        and _encodes(value)
    )


def _is_amount(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < MOST_AMOUNT


def _is_link(value: Any) -> bool:
    return type(value) is str and len(value) <= 2048 and _LINK.fullmatch(value) is not None


def _is_small_object(value: Any) -> bool:
    """Flat and far from every limit: 30 short names and values come to less than 40 KB."""
    return (
        type(value) is dict
        and len(value) <= 30
        and all(map(_is_short_text, value))
        and all(map(_is_small_scalar, value.values()))
    )


def _is_small_scalar(value: Any) -> bool:
    if type(value) is str:
        return _is_short_text(value)
    if type(value) in (int, float):
        return bool(-MOST_AMOUNT < value < MOST_AMOUNT)
    return value is None or _is_flag(value)


def _is_flag(value: Any) -> bool:
    return value is True or value is False


_is_long_name = _text(1000)
_is_short_text, _is_path, _is_long = _text(256), _text(1024), _text(65536)

_LOOKS: Mapping[str, Callable[[Any], bool]] = {
    "sku": _is_key,
    "name": _is_name,
    "category_path": _is_path,
    "brand": _is_short_text,
    "description": _is_long,
    "ingredients": _is_long,
    "country": _is_short_text,
    "unit": _is_short_text,
    "quantity_step": _is_amount,
    "min_quantity": _is_amount,
    "weight": _is_amount,
    "volume": _is_amount,
    "image_url": _is_link,
    "attributes": _is_small_object,
    "barcode": _is_short_text,
    "is_active": _is_flag,
}


def is_plainly_right(sent: Mapping[str, Any]) -> bool:
    """Whether the schema `FeedProduct` would surely take all that it knows of what was sent."""
    if sent.get("sku") is None or sent.get("name") is None:
        return False
    for name, value in sent.items():
        look = _LOOKS.get(name)
        if look is not None and value is not None and not look(value):
            return False
    return True
