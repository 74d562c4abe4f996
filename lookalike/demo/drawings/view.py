"""From where a thing is seen: the way from a drawing's own space to the pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from lookalike.demo.drawings.outlines import Outline, Point

DISTANCE = 160.0
"""From the eye to the thing, in units of the drawing: how strong the perspective is."""


@dataclass(frozen=True, slots=True)
class View:
    """Angles are in degrees: `turn` about the vertical axis, `roll` in the plane of the picture.

    `zoom` is the size beside that of the catalogue's view; `right` and `down` are units.
    """

    turn: float = 0
    roll: float = 0
    zoom: float = 1
    mirror: bool = False
    right: float = 0
    down: float = 0

    def seen(self, outline: Iterable[Point]) -> Outline:
        """The outline as it looks from here, in the same units."""
        turn, roll = math.radians(self.turn), math.radians(self.roll)
        across, away = math.cos(turn) * (-1 if self.mirror else 1), math.sin(turn)
        cos, sin = self.zoom * math.cos(roll), self.zoom * math.sin(roll)

        def project(x: float, y: float) -> Point:
            nearness = DISTANCE / (DISTANCE + x * away)
            x, y = x * across * nearness, y * nearness
            return (x * cos - y * sin + self.right, x * sin + y * cos + self.down)

        return [project(x, y) for x, y in outline]
