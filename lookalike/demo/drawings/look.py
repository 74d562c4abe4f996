"""What makes one product of a kind differ from the next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lookalike.demo.drawings.palette import Tones


class Print(StrEnum):
    """What is printed on the cloth, or glazed on the clay; the values are words of titles."""

    PLAIN = ""
    STRIPED = "striped"
    DOTTED = "dotted"
    CHECKED = "checked"


@dataclass(frozen=True, slots=True)
class Look:
    """One product's colour, print, build and proportions.

    `detail` is one of those that its kind names; `wide` and `tall` lie in [-1, 1].
    """

    tones: Tones
    print: Print
    detail: str
    wide: float
    tall: float
