"""Category paths: 'Outerwear > Jackets' matches itself and any run of its leading segments."""

from __future__ import annotations

from lookalike.catalog.folding import fold


def segments(path: str | None) -> tuple[str, ...]:
    """A path's segments for matching: split at '>', trimmed and folded, empty ones left out."""
    parts = (fold(part).strip() for part in (path or "").split(">"))
    return tuple(part for part in parts if part)
