"""Things that stand about at home."""

from __future__ import annotations

import math

from lookalike.demo.drawings.look import Look
from lookalike.demo.drawings.outlines import SIDES, arc, both, box, oval, rounded
from lookalike.demo.drawings.palette import (
    BRASS,
    CREAM,
    GLOW,
    NIGHT,
    STEEL_DARK,
    WOOD,
    WOOD_DARK,
)
from lookalike.demo.drawings.pen import Pen


def table_lamp(pen: Pen, look: Look) -> None:
    tones, low, wide = look.tones, 2 + 2 * look.tall, 31 + 3 * look.wide
    foot = {"a wooden foot": WOOD, "a brass foot": BRASS}.get(look.detail, tones.dark)
    if look.detail == "a round foot":
        pen.body(oval(0, 24, 13, 14), foot)
    else:
        pen.body(rounded(both([(0, 0), (2.2, 0), (2.2, 34), (0, 34)]), 1), foot)
    pen.body(rounded(both([(0, 33), (15, 33), (18, 40), (0, 40)]), 3), foot)
    pen.fill(oval(0, low + 1, wide - 6, 4), GLOW)
    pen.cloth(rounded(both([(0, -40), (17, -40), (wide, low), (0, low + 2)]), 2.5), look)
    pen.stroke([(-16.4, -38.6), (16.4, -38.6)], 1.4, tones.light)
    pen.stroke([(-wide + 1.4, low - 1.4), (wide - 1.4, low - 1.4)], 1.4, tones.light)
    pen.stroke([(22, low + 3), (22, 17)], 0.7, STEEL_DARK)
    pen.fill(oval(22, 18, 1.6), BRASS)


def armchair(pen: Pen, look: Look) -> None:
    tones, top = look.tones, -33 - 4 * look.tall
    for side in SIDES:
        pen.fill(side([(26, 28), (31, 28), (32.6, 40), (29.8, 40)]), WOOD_DARK)
    pen.cloth(rounded(both([(0, top - 3), (23, top), (29, top + 12), (28, 16), (0, 16)]), 9), look)
    if look.detail == "a buttoned back":
        for x, y in ((-12, -20), (0, -20), (12, -20), (-6, -9), (6, -9)):
            pen.fill(oval(x, y, 1.6), tones.seam)
    if look.detail == "a cushion":
        pen.body(rounded([(-14, -14), (12, -18), (16, 6), (-12, 8)], 4), CREAM)
    pen.body(box(-27, 3, 27, 18, 6), tones.light)
    pen.body(box(-30, 15, 30, 32, 4), tones.base)
    for side in SIDES:
        pen.body(rounded(side([(25, -7), (41, -7), (39, 33), (26, 33)]), 7), tones.base)
        pen.stroke(side(arc((33, 0), (4.6, 4), 150, 390)), 0.9, tones.seam)


def clock(pen: Pen, look: Look) -> None:
    tones, radius = look.tones, 32 + 2 * look.wide
    if look.detail == "two bells":
        for side in SIDES:
            pen.stroke(side([(20, 28), (26, 40)]), 4, tones.deep)
            pen.body(side(arc((20, -30), (12, 9), 200, 400)), tones.dark)
        pen.stroke([(0, -30), (0, -40)], 2.4, STEEL_DARK)
    pen.cloth(oval(0, 2, radius), look)
    face = tones.light if look.detail == "a face of its colour" else CREAM
    pen.fill(oval(0, 2, radius - 9), face)
    for hour in range(12):
        angle = math.radians(30 * hour)
        at, to = radius - 12, radius - (16 if hour % 3 == 0 else 14)
        line = [(r * math.sin(angle), 2 - r * math.cos(angle)) for r in (at, to)]
        pen.stroke(line, 1.6, NIGHT)
    pen.stroke([(0, 2), (-9, -6 - look.tall)], 2.2, NIGHT)
    pen.stroke([(0, 2), (8, -13 + look.tall)], 1.6, NIGHT)
    pen.fill(oval(0, 2, 2.2), tones.dark)
