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

    `variant` counts through the builds that its kind names (0: the first); `wide` and `tall` lie in
    [-1, 1].
    """

    tones: Tones
    print: Print
    variant: int
    wide: float
    tall: float
