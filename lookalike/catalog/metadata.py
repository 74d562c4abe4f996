"""Metadata as terms: what of a merchant's own data can be filtered by.

Top-level scalars and lists of them, by equality of JSON type and value: 3 equals 3.0 and not "3".
One list of keywords on every engine, so that no mapping grows with the merchants' keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST_VALUE = 256
"""Characters of a value that can be filtered by."""

_BETWEEN = "\x1f"


def term(key: str, value: Any) -> str | None:
    """The term of one key and one value; None where it cannot be filtered by."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        return f"{key}{_BETWEEN}{json.dumps(value)}" if len(value) <= LONGEST_VALUE else None
    if value is None or isinstance(value, bool | int | float):
        return f"{key}{_BETWEEN}{json.dumps(value)}"
    return None


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same. Python alone would take `true` for 1."""
    return one == other and _alike(one, other)


def _alike(one: Any, other: Any) -> bool:
    """Whether what is a boolean in one of two equal values is one in the other."""
    if isinstance(one, Mapping):
        return all(_alike(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return all(map(_alike, one, other))
    return isinstance(one, bool) is isinstance(other, bool)


def terms(metadata: Mapping[str, Any]) -> list[str]:
    """Every term of a product's metadata."""
    pairs = ((key, each) for key, value in metadata.items() for each in _values(value))
    return sorted({made for key, each in pairs if (made := term(key, each)) is not None})


def unfilterable(metadata: Mapping[str, Any]) -> list[str]:
    """The keys of which a value is stored but cannot be filtered by."""
    return [
        key
        for key, value in metadata.items()
        if any(term(key, each) is None for each in _values(value))
    ]


def _values(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else [value]
