"""Bags, and what one carries along."""

from __future__ import annotations

from lookalike.demo.drawings.look import Look
from lookalike.demo.drawings.outlines import SIDES, arc, both, box, curve, oval, rounded
from lookalike.demo.drawings.palette import BRASS, LEATHER, STEEL, STEEL_DARK, WOOD_DARK
from lookalike.demo.drawings.pen import Pen


def handbag(pen: Pen, look: Look) -> None:
    top, half, tones = -8 - 3 * look.tall, 33 + 4 * look.wide, look.tones
    grip = arc((0, top), (19, 26), 180, 360)
    pen.stroke(grip, 4.4, tones.deep)
    pen.stroke(grip, 1.6, tones.dark)
    pen.cloth(rounded(both([(0, top), (half - 7, top), (half, 36), (0, 39)]), 7), look)
    if look.detail == "a flap":
        flap = [(0, top - 1), (half - 7, top - 1), (half - 6, 6), (12, 17), (0, 18)]
        pen.body(rounded(both(flap), 6), tones.light)
        pen.body(box(-4, 12, 4, 21, 2), BRASS)
    if look.detail == "a zip":
        pen.stroke([(-half + 9, top + 6), (half - 9, top + 6)], 2, tones.seam)
        pen.fill(box(half - 14, top + 5, half - 11, top + 13, 1.2), BRASS)
    if look.detail == "a tassel":
        pen.stroke([(17, top + 1), (19, top + 12)], 1.3, BRASS)
        tassel = [(16, top + 11), (22, top + 11), (25, top + 26), (14, top + 26)]
        pen.body(rounded(tassel, 2), BRASS)
    for x in (-19, 19):
        pen.body(oval(x, top + 1, 3.2), BRASS)


def backpack(pen: Pen, look: Look) -> None:
    half, tones = 27 + 2 * look.wide, look.tones
    for side in SIDES:
        pen.stroke(side(curve([(22, -24), (34, -8), (34, 18), (27, 32)])), 5, tones.deep)
    pen.stroke(arc((0, -36), (8, 8), 180, 360), 3, tones.deep)
    right = [(0, -39), (half - 7, -38), (half, -8), (half + 1, 40), (0, 40)]
    pen.cloth(rounded(both(right), 11), look)
    pen.stroke(curve([(-half + 5, -10), (0, -13), (half - 5, -10)]), 1.2, tones.seam)
    if look.detail == "two front pockets":
        for side in SIDES:
            pen.body(side(box(3, 8, half - 3, 34, 4)), tones.light)
            pen.stroke(side([(6, 13), (half - 6, 13)]), 1.2, tones.seam)
    else:
        pen.body(box(-half + 6, 6, half - 6, 35, 5), tones.light)
        pen.stroke([(-half + 10, 13), (half - 10, 13)], 1.4, tones.seam)
        pen.fill(box(half - 15, 12, half - 12, 20, 1.2), STEEL)
    if look.detail == "leather straps":
        for x in (-12, 12):
            pen.body(box(x - 2.6, -30, x + 2.6, 22, 1.5), LEATHER)
            pen.stroke([*box(x - 3.4, 2, x + 3.4, 8, 1), (x - 3.4, 4)], 1.1, BRASS)


def umbrella(pen: Pen, look: Look) -> None:
    tones, rim, width = look.tones, 2 + 2 * look.tall, 43.0
    pen.stroke([(0, -40), (0, -32)], 1.8, STEEL_DARK)
    pen.stroke([(0, -20), (0, 32)], 1.8, STEEL_DARK)
    if look.detail == "a straight handle":
        pen.body(box(-3, 24, 3, 42, 3), WOOD_DARK)
    else:
        pen.stroke([(0, 24), *arc((-6, 34), (6, 7), 0, 180)], 3.4, WOOD_DARK)
    sag = 7 if look.detail == "a deeply scalloped edge" else 4
    edge = [
        point
        for step in range(4)
        for point in arc((width - width / 4 - step * width / 2, rim), (width / 4, sag), 0, -180)
    ]
    pen.cloth([*arc((0, rim), (width, 37), 180, 360), *edge], look)
    for x in (-width / 2, 0, width / 2):
        pen.stroke(curve([(0, -35), (x * 0.75, -20), (x, rim)]), 0.9, tones.seam)
