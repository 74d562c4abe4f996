"""Things to play with, or on."""

from __future__ import annotations

from lookalike.demo.drawings.look import Look
from lookalike.demo.drawings.outlines import SIDES, both, box, curve, oval, rounded
from lookalike.demo.drawings.palette import (
    CREAM,
    GLASS,
    GLOW,
    RUBBER,
    STEEL,
    STEEL_DARK,
    WOOD,
    WOOD_DARK,
)
from lookalike.demo.drawings.pen import Pen


def guitar(pen: Pen, look: Look) -> None:
    tones, waist = look.tones, 16 + look.wide
    pen.body(box(-2.6, -38, 2.6, 4, 0.5), WOOD_DARK)
    pen.body(rounded(both([(0, -45), (4.8, -45), (3.8, -34), (0, -33)]), 1.2), WOOD)
    for step in range(3):
        for side in SIDES:
            pen.fill(side(oval(5.8, -43 + step * 3.4, 1.2)), STEEL)
    half = [(0, -9), (11, -11), (19, -4), (waist, 9), (23, 19), (24, 33), (14, 43), (0, 44.5)]
    body = both(curve(half))
    pen.cloth(body, look)
    if look.detail == "a wooden rim":
        pen.stroke([*body, body[0]], 2, WOOD)
    if look.detail == "f-holes":
        for side in SIDES:
            pen.stroke(side(curve([(13, 12), (11, 19), (15, 26), (12, 33)])), 1.7, tones.deep)
    else:
        pen.fill(oval(0, 12, 8), WOOD)
        pen.fill(oval(0, 12, 6.4), tones.deep)
    if look.detail == "a pickguard":
        pen.fill(rounded([(8, 15), (17, 17), (16, 30), (7, 22)], 2.5), tones.deep)
    pen.body(box(-10, 30, 10, 33.5, 1), WOOD_DARK)
    for x in (-1.4, 0, 1.4):
        pen.stroke([(x, -36), (x, 31)], 0.4, STEEL)


def toy_car(pen: Pen, look: Look) -> None:
    tones, roof = look.tones, -23 - 3 * look.tall
    if look.detail == "a roof rack":
        pen.body(box(-16, roof - 9, 8, roof - 3, 1.5), WOOD)
        pen.stroke([(-18, roof - 2.2), (12, roof - 2.2)], 1.6, WOOD_DARK)
    pen.cloth(rounded([(-29, 4), (-21, roof), (12, roof), (25, 4)], 6), look)
    pen.fill(rounded([(-22, -1), (-17, roof + 5), (-2, roof + 5), (-2, -1)], 2), GLASS)
    pen.fill(rounded([(3, -1), (3, roof + 5), (9, roof + 5), (17, -1)], 2), GLASS)
    hull = [(-43, -1), (-30, -4), (26, -4), (42, 2), (44, 20), (-43, 20)]
    pen.cloth(rounded(hull, 6), look)
    if look.detail == "a racing stripe":
        pen.fill(box(-42, 4, 42.4, 9), CREAM)
    pen.stroke([(0.5, -2), (0.5, 16)], 0.8, tones.seam)
    pen.fill(oval(39, 6, 4.6 if look.detail == "round headlights" else 3), GLOW)
    pen.body(box(-46, 15, 46, 21, 2.5), STEEL)
    for x in (-24, 24):
        pen.body(oval(x, 22, 11.5), RUBBER)
        pen.fill(oval(x, 22, 5.6), CREAM)
        pen.fill(oval(x, 22, 2), STEEL_DARK)
