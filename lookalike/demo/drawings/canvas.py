"""A canvas of 100 x 100 units on which plain shapes are drawn, smooth at their edges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageColor, ImageDraw

SIZE = 400
"""Pixels of a finished picture's edge."""

_SMOOTH = 2
_SCALE = SIZE * _SMOOTH / 100

Point = tuple[float, float]
Color = tuple[int, int, int]


def mixed(color: Color, other: Color, share: float) -> Color:
    """The colour with this share of another."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(color, other, strict=True))
    return red, green, blue


def rgb(name: str) -> Color:
    """A colour by its CSS name or hex."""
    red, green, blue = ImageColor.getrgb(name)[:3]
    return red, green, blue


@dataclass(frozen=True, slots=True)
class Paint:
    """What a product is painted with: its colour, and that darker, lighter, and beside it."""

    main: Color
    pattern: str = "plain"

    @property
    def dark(self) -> Color:
        """For folds, soles and undersides."""
        return mixed(self.main, (10, 10, 20), 0.35)

    @property
    def light(self) -> Color:
        """For what catches the light."""
        return mixed(self.main, (255, 255, 255), 0.35)

    @property
    def trim(self) -> Color:
        """For stripes, dots and laces: stands off from the main colour."""
        pale = sum(self.main) > 480
        return mixed(self.main, (20, 20, 30) if pale else (255, 255, 255), 0.6)


class Canvas:
    """Shapes in units from the top left; transparent where nothing is drawn."""

    def __init__(self, paint: Paint) -> None:
        self.paint = paint
        edge = SIZE * _SMOOTH
        self._image = Image.new("RGBA", (edge, edge), (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self._image)

    @property
    def image(self) -> Image.Image:
        """What was drawn, `SIZE` pixels square, with alpha."""
        return self._image.resize((SIZE, SIZE), Image.Resampling.BOX)

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        """A filled outline."""
        self._draw.polygon([_scaled(point) for point in points], color)

    def body(self, points: Sequence[Point]) -> None:
        """A filled outline in the product's own colour and pattern."""
        mask = Image.new("L", self._image.size, 0)
        ImageDraw.Draw(mask).polygon([_scaled(point) for point in points], 255)
        self._image.paste(self._cloth(), (0, 0), mask)

    def ellipse(self, center: Point, rx: float, ry: float, color: Color) -> None:
        """A filled ellipse."""
        self._draw.ellipse(_box(center, rx, ry), color)

    def ring(self, center: Point, rx: float, ry: float, width: float, color: Color) -> None:
        """An ellipse's line."""
        self._draw.ellipse(_box(center, rx, ry), outline=color, width=round(width * _SCALE))

    def line(self, points: Sequence[Point], width: float, color: Color) -> None:
        """A line with round joints and ends."""
        scaled = [_scaled(point) for point in points]
        self._draw.line(scaled, color, round(width * _SCALE), joint="curve")
        for point in points:
            self.ellipse(point, width / 2, width / 2, color)

    def arc(self, center: Point, rx: float, ry: float, sweep: Point, width: float) -> None:
        """Part of an ellipse's line in the dark colour; `sweep` in degrees, clockwise from the
        right."""
        start, end = sweep
        self._draw.arc(_box(center, rx, ry), start, end, self.paint.dark, round(width * _SCALE))

    def box(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        """A rectangle with soft corners."""
        box = (left * _SCALE, top * _SCALE, right * _SCALE, bottom * _SCALE)
        self._draw.rounded_rectangle(box, 1.5 * _SCALE, color)

    def _cloth(self) -> Image.Image:
        cloth = Image.new("RGBA", self._image.size, self.paint.main)
        draw = ImageDraw.Draw(cloth)
        edge = self._image.size[0]
        if self.paint.pattern == "striped":
            for top in range(0, 100, 9):
                draw.rectangle((0, top * _SCALE, edge, (top + 3) * _SCALE), self.paint.trim)
        if self.paint.pattern == "dotted":
            for row, y in enumerate(range(2, 100, 8)):
                for x in range(2 + 4 * (row % 2), 100, 8):
                    draw.ellipse(_box((x, y), 1.5, 1.5), self.paint.trim)
        return cloth


def round_points(center: Point, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Points along part of an ellipse, in degrees clockwise from the right."""
    steps = 40
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(center[0] + rx * math.cos(a), center[1] + ry * math.sin(a)) for a in angles]


def mirrored(points: Sequence[Point]) -> list[Point]:
    """A left half and its mirror image, as one outline about the middle."""
    return [*points, *((100 - x, y) for x, y in reversed(points))]


def _scaled(point: Point) -> Point:
    return point[0] * _SCALE, point[1] * _SCALE


def _box(center: Point, rx: float, ry: float) -> tuple[float, float, float, float]:
    x, y = center
    return (x - rx) * _SCALE, (y - ry) * _SCALE, (x + rx) * _SCALE, (y + ry) * _SCALE
