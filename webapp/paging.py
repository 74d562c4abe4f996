"""Cursors: a place in a list as text that clients hand back unread."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime

from lookalike.errors import Invalid
from lookalike.index.protocol import Position


def cursor_of(position: Position) -> str:
    """The cursor that goes on after this position."""
    place = json.dumps([position.created_at.isoformat(), position.id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def position_of(cursor: str) -> Position:
    """The position of a cursor. Raises `Invalid`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        created_at, id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        at = datetime.fromisoformat(created_at)
        if at.tzinfo is None or not isinstance(id, str):
            raise ValueError("not a position")
    except (binascii.Error, ValueError, TypeError) as error:
        detail = "Must be the next_cursor of an earlier page, unchanged."
        raise Invalid("This cursor cannot be read.", {"cursor": [detail]}) from error
    return Position(at, id)
