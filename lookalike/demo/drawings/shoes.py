"""Shoes, seen from the side, toe to the right."""

from __future__ import annotations

from lookalike.demo.drawings.look import Look
from lookalike.demo.drawings.outlines import box, curve, loop, oval, rounded
from lookalike.demo.drawings.palette import CREAM, LEATHER, RUBBER, WOOD_DARK
from lookalike.demo.drawings.pen import Pen


def sneaker(pen: Pen, look: Look) -> None:
    tones, collar = look.tones, -30 if look.detail == "a high collar" else -18
    pen.body(rounded([(-16, collar - 2), (-6, collar - 9), (4, -10), (-6, -4)], 3), tones.light)
    back = [(-40, 16), (-42, collar + 2), (-36, collar - 2), (-26, collar + 5), (-12, collar)]
    pen.cloth(rounded([*back, (4, -8), (22, 0), (38, 4), (44, 16)], 5), look)
    pen.body(rounded([(19, -1), (38, 3), (45, 17), (24, 17)], 5), CREAM)
    pen.body(rounded([(-41, -2), (-30, 0), (-30, 17), (-40, 17)], 3), tones.dark)
    if look.detail == "a round patch":
        pen.body(oval(-17, 2, 6.5), CREAM)
    else:
        for x in (-22, -15, -8):
            pen.stroke([(x, 14), (x + 7, -1)], 2.4, CREAM)
    for step in range(4):
        x, y = -9 + step * 6, collar + 4 + step * (-4 - collar) / 3.8
        pen.stroke([(x - 4, y + 3), (x + 4, y - 2)], 1.8, CREAM)
    pen.body(box(-44, 15, 46, 25 + look.tall, 4), CREAM)
    pen.stroke([(-41, 19.5), (43, 19.5)], 0.9, tones.base)


def boot(pen: Pen, look: Look) -> None:
    top, tones = -35 - 4 * look.tall, look.tones
    shaft = [(-26, top), (6, top), (7, -6), (14, 8), (30, 14), (37, 24), (36, 32), (-27, 32)]
    pen.cloth(rounded(shaft, 6), look)
    pen.body(box(-28, top - 2, 8, top + 5, 2.5), tones.dark)
    pen.stroke(curve([(12, 12), (14, 20), (12, 30)]), 0.9, tones.seam)
    pen.stroke(curve([(-26, 10), (-12, 14), (-9, 31)]), 0.9, tones.seam)
    if look.detail == "laces":
        for step in range(6):
            y = top + 10 + step * 7
            pen.stroke([(-1 + step * 0.8, y + 2), (8 + step * 1.2, y - 1)], 1.7, CREAM)
    if look.detail == "an elastic side":
        pen.fill(rounded([(-16, top + 8), (-3, top + 8), (-6, 4), (-13, 4)], 2), tones.deep)
    if look.detail == "a buckled strap":
        pen.body(rounded([(-27, 0), (10, -2), (13, 5), (-27, 8)], 1.5), LEATHER)
        pen.stroke([*box(0, -2, 7, 6, 1), (0, 0)], 1.3, CREAM)
    pen.body(rounded([(-29, 31), (38, 31), (38, 36), (-4, 36), (-6, 41), (-29, 41)], 2), RUBBER)


def pump(pen: Pen, look: Look) -> None:
    tones, back = look.tones, -26 - 2 * look.tall
    pen.body(rounded([(-41, -8), (-28, -4), (-33, 26), (-37, 26)], 1.5), tones.deep)
    sole = [(-40, -10), (-24, -6), (-4, 14), (16, 21), (42, 22), (43, 26), (14, 26), (-8, 19)]
    pen.fill(rounded([*sole, (-28, 2)], 3), WOOD_DARK)
    inside = [(-38, back + 6), (-20, -10), (2, 6), (22, 8), (12, 18), (-20, 2)]
    pen.fill(rounded(inside, 5), tones.deep)
    if look.detail == "an ankle strap":
        pen.stroke(oval(-28, back - 6, 13, 4), 2.6, tones.base)
        pen.stroke([(-40, back + 6), (-41, back - 5)], 2.6, tones.base)
        pen.body(box(-20, back - 7, -15, back - 2, 1), CREAM)
    upper = [(-41, -4), (-42, back), (-36, back - 2), (-23, -8), (-2, 10), (12, 6), (26, 10)]
    pen.cloth(rounded([*upper, (44, 20), (42, 24), (14, 23), (-6, 17), (-26, 0)], 3.5), look)
    if look.detail == "a bow":
        for x in (12, 26):
            pen.body(loop([(19, 9), (x, 2), (x, 15)]), tones.light)
        pen.fill(oval(19, 9, 2.6), tones.dark)
