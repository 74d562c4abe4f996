"""The pen: fills and strokes outlines, four times as large as the picture, for smooth edges."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PIL import Image, ImageChops, ImageDraw

from lookalike.demo.drawings.look import Look, Print
from lookalike.demo.drawings.outlines import Outline, bounds, moved
from lookalike.demo.drawings.palette import NIGHT, Rgb, mix
from lookalike.demo.drawings.prints import figures
from lookalike.demo.drawings.view import View

SIZE = 480
"""Edge of a finished picture, in pixels."""

FINER = 4
UNIT = SIZE * FINER / 100
"""Pixels of the large canvas to one unit: the picture shows 100 units each way."""

RIM = 2.4
"""Width of the shaded rim of a body, in units; narrower on small ones."""

Extent = tuple[int, int, int, int]
"""A rectangle of the large canvas: left, top, right, bottom."""


class Pen:
    """Draws one thing, as one view sees it, on glass."""

    def __init__(self, view: View) -> None:
        # Premultiplied alpha, so that edges made smaller mix with nothing but what is behind them.
        self._glass = Image.new("RGBa", (SIZE * FINER, SIZE * FINER))
        self._draw = ImageDraw.Draw(self._glass)
        self._view = view

    def fill(self, outline: Outline, color: Rgb) -> None:
        """An area of one colour."""
        self._draw.polygon(self._pixels(outline), color)

    def body(self, outline: Outline, color: Rgb) -> None:
        """An area of one colour that is shaded along its lower right rim."""
        self.fill(outline, color)
        self._shade(outline, mix(color, NIGHT, 0.16))

    def cloth(self, outline: Outline, look: Look) -> None:
        """A body in the product's colour, with its print."""
        self.fill(outline, look.tones.base)
        if look.print is not Print.PLAIN:
            self._print(outline, look)
        self._shade(outline, look.tones.dark)

    def stroke(self, points: Outline, width: float, color: Rgb) -> None:
        """A line with round ends and joints."""
        pixels = self._pixels(points)
        thick = max(1, round(width * UNIT * self._view.zoom))
        self._draw.line(pixels, color, thick, joint="curve")
        for x, y in (pixels[0], pixels[-1]):
            self._draw.circle((x, y), thick / 2, color)

    def finish(self) -> tuple[Image.Image, Image.Image]:
        """The thing on black (RGB), and how much of each pixel it covers (L): `SIZE` each way.

        An edge is black as far as it is not covered, so a background is added, not blended.
        """
        *colors, coverage = self._glass.reduce(FINER).split()
        return Image.merge("RGB", colors), coverage

    def _shade(self, outline: Outline, color: Rgb) -> None:
        """Only the lower right rim of an area."""
        points = self._pixels(outline)
        left, top, right, bottom = extent = _extent(points)
        rim = min(RIM * UNIT * self._view.zoom, 0.1 * min(right - left, bottom - top))
        lit = _stencil([moved(points, -rim, -rim)], extent)
        self._spray(ImageChops.subtract(_stencil([points], extent), lit), extent, color)

    def _print(self, outline: Outline, look: Look) -> None:
        points = self._pixels(outline)
        extent = _extent(points)
        printed = _stencil(map(self._pixels, figures(look.print, bounds(outline))), extent)
        inside = ImageChops.logical_and(_stencil([points], extent), printed)
        self._spray(inside, extent, look.tones.print)

    def _spray(self, stencil: Image.Image, extent: Extent, color: Rgb) -> None:
        self._glass.paste(color, extent, stencil)

    def _pixels(self, outline: Outline) -> Outline:
        middle = SIZE * FINER / 2
        return [(middle + x * UNIT, middle + y * UNIT) for x, y in self._view.seen(outline)]


def _extent(pixels: Outline) -> Extent:
    left, top, right, bottom = bounds(pixels)
    return (math.floor(left), math.floor(top), math.ceil(right) + 1, math.ceil(bottom) + 1)


def _stencil(areas: Iterable[Outline], extent: Extent) -> Image.Image:
    """A mask (mode 1) of this part of the large canvas, open where the areas are."""
    left, top, right, bottom = extent
    stencil = Image.new("1", (right - left, bottom - top))
    draw = ImageDraw.Draw(stencil)
    for pixels in areas:
        draw.polygon(moved(pixels, -left, -top), 1)
    return stencil
