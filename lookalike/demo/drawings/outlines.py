"""Outlines: lists of points that a pen fills or strokes.

A drawing's own space has its centre at (0, 0), x to the right, y down; things lie within 45 units
of the centre, and what stands, stands at y = 40.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

Point = tuple[float, float]
Outline = list[Point]

STEPS = 12
"""Straight pieces that a rounded corner is made of."""


def box(left: float, top: float, right: float, bottom: float, radius: float = 0) -> Outline:
    """A rectangle, its corners rounded by `radius`."""
    return rounded([(left, top), (right, top), (right, bottom), (left, bottom)], radius)


def oval(x: float, y: float, across: float, down: float = 0) -> Outline:
    """An ellipse about (x, y) with these radii; without `down` a circle."""
    return arc((x, y), (across, down or across), 0, 360)


def arc(center: Point, radii: Point, start: float, end: float) -> Outline:
    """A part of an ellipse between two angles in degrees: 0 at the right, 90 below."""
    pieces = max(STEPS, round(abs(end - start) / 4))
    angles = (math.radians(start + (end - start) * step / pieces) for step in range(pieces + 1))
    return [
        (center[0] + radii[0] * math.cos(a), center[1] + radii[1] * math.sin(a)) for a in angles
    ]


def rounded(corners: Sequence[Point], radius: float) -> Outline:
    """A closed polygon whose corners are rounded, as far as its edges have the room."""
    around = zip([corners[-1], *corners[:-1]], corners, [*corners[1:], corners[0]], strict=True)
    return [point for before, at, after in around for point in _corner(before, at, after, radius)]


def _corner(before: Point, at: Point, after: Point, radius: float) -> Outline:
    """A quadratic Bézier curve around one corner."""
    (x0, y0), (x1, y1) = _towards(at, before, radius), _towards(at, after, radius)
    return [
        (
            (1 - t) ** 2 * x0 + 2 * t * (1 - t) * at[0] + t**2 * x1,
            (1 - t) ** 2 * y0 + 2 * t * (1 - t) * at[1] + t**2 * y1,
        )
        for t in (step / STEPS for step in range(STEPS + 1))
    ]


def _towards(start: Point, end: Point, distance: float) -> Point:
    """The point at this distance on the way, at most half of the way."""
    length = math.dist(start, end)
    share = min(distance / length, 0.5) if length else 0
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)


def curve(points: Sequence[Point]) -> Outline:
    """An open curve through all points (Catmull-Rom)."""
    ends = [points[0], *points, points[-1]]
    quads = zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
    return [point for quad in quads for point in _span(*quad)] + [points[-1]]


def loop(points: Sequence[Point]) -> Outline:
    """A closed curve through all points (Catmull-Rom)."""
    ends = [points[-1], *points, *points[:2]]
    quads = zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
    return [point for quad in quads for point in _span(*quad)]


def _span(a: Point, b: Point, c: Point, d: Point) -> Outline:
    """The piece from `b` up to `c`, its ends steered by `a` and `d`."""

    def between(axis: int, t: float) -> float:
        p, q, r, s = a[axis], b[axis], c[axis], d[axis]
        straight, bend, twist = r - p, 2 * p - 5 * q + 4 * r - s, 3 * q - p - 3 * r + s
        return 0.5 * (2 * q + straight * t + bend * t**2 + twist * t**3)

    return [(between(0, step / STEPS), between(1, step / STEPS)) for step in range(STEPS)]


def mirrored(outline: Iterable[Point]) -> Outline:
    """The same outline on the other side of the vertical axis."""
    return [(-x, y) for x, y in outline]


SIDES: tuple[Callable[[Iterable[Point]], Outline], ...] = (list, mirrored)
"""For what a thing has on both its sides: the outline as it is given, and mirrored."""


def both(right: Sequence[Point]) -> Outline:
    """A symmetrical outline from its right half, given from top to bottom."""
    return [*right, *mirrored(point for point in reversed(right) if point[0] != 0)]


def moved(outline: Iterable[Point], right: float, down: float) -> Outline:
    """The outline, moved."""
    return [(x + right, y + down) for x, y in outline]


def bounds(outline: Iterable[Point]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    xs, ys = zip(*outline, strict=True)
    return (min(xs), min(ys), max(xs), max(ys))
