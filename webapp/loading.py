"""Values through a marshmallow schema, with our error, and how that error reads in a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import Schema, ValidationError

from lookalike.errors import Invalid

_LONGEST_KEY = 512
"""Characters of a key that a line shows: a refused one may be of any length."""

_WRONG = "Some values are wrong; `errors` names each and says what it must be."


def load(schema: Schema, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the schema makes of what was sent. Raises `Invalid`, naming the fields."""
    try:
        values: dict[str, Any] = schema.load(sent)
    except ValidationError as error:
        raise Invalid(_WRONG, cast(dict[str, list[str]], error.messages)) from error
    return values


def refusal(number: int, key: Any, error: Invalid) -> str:
    """Why the item at this place was no product, as a line of its job: named by its key, which may
    itself be what is wrong, else by its place."""
    name = f"item {number + 1}"
    if isinstance(key, str) and key:
        name = key[:_LONGEST_KEY].encode(errors="replace").decode()
    by_field = "; ".join(f"{field}: {' '.join(why)}" for field, why in error.errors.items())
    return f"{name}: {by_field or error.detail}"
