"""The figures that a print consists of, spread over an area."""

from __future__ import annotations

from collections.abc import Iterator

from lookalike.demo.drawings.look import Print
from lookalike.demo.drawings.outlines import Outline, box, oval

Area = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def figures(of: Print, area: Area) -> Iterator[Outline]:
    """All figures of a print that touch an area. A plain one has none."""
    match of:
        case Print.STRIPED:
            yield from _stripes(area, apart=9, width=3)
        case Print.DOTTED:
            yield from _dots(area)
        case Print.CHECKED:
            yield from _stripes(area, apart=11, width=2)
            left, top, right, bottom = area
            for outline in _stripes((top, left, bottom, right), apart=11, width=2):
                yield [(y, x) for x, y in outline]


def _stripes(area: Area, apart: float, width: float) -> Iterator[Outline]:
    left, top, right, bottom = area
    for y in _steps(top, bottom, apart):
        yield box(left, y, right, y + width)


def _dots(area: Area) -> Iterator[Outline]:
    left, top, right, bottom = area
    for row, y in enumerate(_steps(top, bottom, 6)):
        for x in _steps(left, right, 12):
            yield oval(x + row % 2 * 6, y, 1.7)


def _steps(start: float, end: float, apart: float) -> Iterator[float]:
    """Multiples of `apart`, so that neighbouring areas carry one print on."""
    at = start - start % apart - apart
    while at <= end:
        yield at
        at += apart
