"""Values through a marshmallow schema, with our error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import Schema, ValidationError

from lookalike.errors import Invalid

_WRONG = "Some values are wrong; `errors` names each and says what it must be."


def load(schema: Schema, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the schema makes of what was sent. Raises `Invalid`, naming the fields."""
    try:
        values: dict[str, Any] = schema.load(sent)
    except ValidationError as error:
        raise Invalid(_WRONG, cast(dict[str, list[str]], error.messages)) from error
    return values
