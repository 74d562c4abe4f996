"""What a check-up finds: `lookalike doctor` prints it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much it matters: all is well; it works, but; it does not work."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `says` is a sentence, and where all is not well it says what
    to do."""

    level: Level
    about: str
    says: str


def fine(about: str, says: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, about, says)


def warning(about: str, says: str) -> Finding:
    """It works, but."""
    return Finding(Level.WARNING, about, says)


def error(about: str, says: str) -> Finding:
    """It does not work."""
    return Finding(Level.ERROR, about, says)
