"""The marshmallow fields that both APIs share: the contract's limits, one class a kind of value.

They check without changing: a text keeps its spaces, a number keeps its JSON type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields

from lookalike.catalog.metadata import LONGEST_VALUE, term

MOST_AMOUNT = 10**12
METADATA_BYTES = 64 * 1024
METADATA_DEPTH = 5
METADATA_KEYS = 200
FILTER_VALUES = 1000
"""Values that one key of a filter may list: engines bound the size of a query."""


def _described(kwargs: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """The keyword arguments of a field, with these facts for the OpenAPI document."""
    return kwargs | {"metadata": facts | kwargs.get("metadata", {})}


class Text(fields.Field[str]):
    """Text of at most `most` characters, any language, without lone surrogates."""

    def __init__(self, most: int, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, type="string", maxLength=most))
        self.most = most

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Must be text.")
        if len(value) > self.most:
            raise ValidationError(f"Must be at most {self.most:,} characters, not {len(value):,}.")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValidationError("Holds half of a surrogate pair, which is no character.")
        return value


class Name(Text):
    """Text that says something."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        if not text.strip():
            raise ValidationError("Must not be empty.")
        return text


class Key(Text):
    """A merchant's own id: compared exactly, so nothing about it is mended."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(512, **_described(kwargs, minLength=1))

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        if not text:
            raise ValidationError("Must not be empty.")
        if text != text.strip():
            raise ValidationError("Must not begin or end with white space.")
        if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in text):
            raise ValidationError("Must not hold control characters.")
        return text


class Link(Text):
    """An absolute http or https URL. Whether it may be fetched is decided when it is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(2048, **_described(kwargs, format="uri"))

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        try:
            parts = urlsplit(text)
            right = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            right = False
        if not right:
            raise ValidationError("Must be an absolute URL that starts with http:// or https://.")
        return text


class Amount(fields.Field[int | float]):
    """A number from 0 to under 10¹²; `1000` stays `1000` and `19.5` stays `19.5`."""

    def __init__(self, most: float = MOST_AMOUNT, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, type="number", minimum=0))
        self.most = most

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("Must be a number, such as 12.5, without quotes.")
        if not 0 <= value < self.most:  # NaN is in no range, and 10**400 is no float
            raise ValidationError("Must be a number from 0 to under 1,000,000,000,000.")
        return value


class Flag(fields.Field[bool]):
    """true or false, and nothing that looks like it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, type="boolean"))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false, without quotes.")
        return value


class Metadata(fields.Field[Mapping[str, Any]]):
    """A merchant's own data: an object of at most 64 KB, 5 levels and 200 keys."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, type="object", additionalProperties=True))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("Must be an object, in braces.")
        depth, keys = _measure(value)
        if depth > METADATA_DEPTH:
            raise ValidationError(f"Must not be nested deeper than {METADATA_DEPTH} levels.")
        if keys > METADATA_KEYS:
            raise ValidationError(f"Must have at most {METADATA_KEYS} keys in all, not {keys}.")
        try:
            size = len(json.dumps(value, ensure_ascii=False).encode())
        except UnicodeEncodeError as error:
            raise ValidationError(
                "Holds half of a surrogate pair, which is no character."
            ) from error
        if size > METADATA_BYTES:
            raise ValidationError(f"Must be at most {METADATA_BYTES:,} bytes, not {size:,}.")
        return value


class MetadataFilter(fields.Field[Mapping[str, Any]]):
    """For each key a text, number, boolean or null, or a list of these."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, type="object", additionalProperties=True))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("Must be an object, in braces.")
        if len(value) > METADATA_KEYS:
            raise ValidationError(f"Must have at most {METADATA_KEYS} keys, not {len(value):,}.")
        for key, wanted in value.items():
            one_of = wanted if isinstance(wanted, list) else [wanted]
            if len(one_of) > FILTER_VALUES:
                raise ValidationError(
                    f"{key}: may list at most {FILTER_VALUES:,} values, not {len(one_of):,}."
                )
            if not one_of or any(term(key, each) is None for each in one_of):
                raise ValidationError(
                    f"{key}: must be a text of at most {LONGEST_VALUE} characters, a number, a "
                    "boolean or null, or a list of these with at least one."
                )
        return value


def _measure(value: Any) -> tuple[int, int]:
    """(levels of nesting, keys in all) of a JSON value."""
    if isinstance(value, dict):
        inner = [_measure(each) for each in value.values()]
        own_keys = len(value)
    elif isinstance(value, list):
        inner = [_measure(each) for each in value]
        own_keys = 0
    else:
        return 0, 0
    return 1 + max((depth for depth, _ in inner), default=0), own_keys + sum(n for _, n in inner)
