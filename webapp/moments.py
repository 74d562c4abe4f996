"""Moments as both APIs write them."""

from __future__ import annotations

from datetime import datetime


def moment(at: datetime) -> str:
    """A moment as the published examples write it, in UTC and whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
