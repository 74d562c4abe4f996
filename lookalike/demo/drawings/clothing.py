"""Garments, as they lie on a table."""

from __future__ import annotations

from lookalike.demo.drawings.look import Look
from lookalike.demo.drawings.outlines import SIDES, arc, both, box, curve, loop, oval, rounded
from lookalike.demo.drawings.palette import CREAM, STEEL
from lookalike.demo.drawings.pen import Pen


def t_shirt(pen: Pen, look: Look) -> None:
    hem, chest, tones = 36 + 3 * look.tall, 24 + 2 * look.wide, look.tones
    right = [(10, -35), (25, -30), (43, -10), (32, -1), (chest, -9), (chest + 1, hem), (0, hem + 1)]
    pen.cloth(rounded(both([(0, -35), *right]), 4), look)
    for side in SIDES:
        pen.stroke(side(curve([(40, -12), (35, -8), (30, -3.5)])), 0.8, tones.seam)
        pen.stroke(side(curve([(25, -27), (23, -18), (chest, -9)])), 0.8, tones.seam)
    pen.stroke(curve([(-chest, hem - 4), (0, hem - 3), (chest, hem - 4)]), 0.8, tones.seam)
    if look.detail == "a V-neck":
        pen.fill([(-10, -36), (10, -36), (0, -19)], tones.deep)
        pen.stroke([(-10.5, -35), (0, -18), (10.5, -35)], 2.6, tones.light)
    else:
        pen.fill(arc((0, -35.5), (11, 9), 0, 180), tones.deep)
        pen.stroke(arc((0, -35.5), (11, 9), 0, 180), 2.6, tones.light)
    if look.detail == "a chest pocket":
        pen.body(rounded([(7, -14), (19, -14), (19, -3), (13, 0), (7, -3)], 1.5), tones.light)


def hoodie(pen: Pen, look: Look) -> None:
    hem, tones = 36 + 3 * look.tall, look.tones
    sleeve = [(22, -27), (31, -22), (43, 20), (42, 28), (33, 30), (23, 2)]
    for side in SIDES:
        pen.cloth(rounded(side(sleeve), 5), look)
        pen.body(rounded(side([(44, 25), (45, 32), (34, 34.5), (33, 28)]), 2), tones.dark)
    pen.cloth(rounded(both([(0, -30), (15, -30), (26, -24), (27, hem - 4), (0, hem - 4)]), 5), look)
    pen.body(box(-26, hem - 6, 26, hem + 2, 2.5), tones.dark)
    pen.body(loop(both([(0, -42), (11, -39), (17, -27), (11, -17), (0, -13)])), tones.light)
    pen.fill(loop(both([(0, -36), (7, -34), (10, -27), (6, -20), (0, -17)])), tones.deep)
    for side in SIDES:
        pen.stroke(side(curve([(4, -15), (5, -9), (4.5, 0)])), 1.2, CREAM)
    if look.detail == "a kangaroo pocket":
        pen.body(rounded(both([(0, 8), (12, 8), (19, 24), (19, 28), (0, 28)]), 2), tones.light)
    if look.detail == "a zip":
        pen.stroke([(0, -12), (0, hem + 1)], 1.6, STEEL)
    if look.detail == "side pockets":
        for side in SIDES:
            pen.stroke(side([(14, 8), (21, 24)]), 1.6, tones.seam)


def dress(pen: Pen, look: Look) -> None:
    hem, flare, tones = 40 + 3 * look.tall, 29 + 3 * look.wide, look.tones
    if look.detail == "short sleeves":
        for side in SIDES:
            sleeve = [(9, -37), (17, -36), (28, -23), (20, -17), (13, -22)]
            pen.cloth(rounded(side(sleeve), 3), look)
    waist = [(0, -6), (11, -6), (flare * 0.7, 14)]
    skirt = [*waist, (flare, hem - 4), (flare * 0.5, hem), (0, hem - 1)]
    pen.cloth(rounded(both(skirt), 5), look)
    for x in (5, 11):
        for side in SIDES:
            pen.stroke(side([(x * 0.6, 2), (x * 1.7, hem - 6)]), 0.7, tones.seam)
    top = [(0, -24), (6, -29), (11, -34), (13, -24), (15, -18), (12, -5), (0, -5)]
    pen.cloth(rounded(both(top), 2), look)
    if look.detail == "short sleeves":
        yoke = [(0, -33), (8, -37), (14, -35), (15, -18), (0, -18)]
        pen.cloth(rounded(both(yoke), 2), look)
        pen.fill(arc((0, -36), (8, 8), 0, 180), tones.deep)
        pen.stroke(arc((0, -36), (8, 8), 0, 180), 1.6, tones.light)
    else:
        for side in SIDES:
            pen.stroke(side([(11, -32), (8, -42)]), 1.8, tones.dark)
    belt = tones.deep if look.detail == "a belt" else tones.light
    pen.body(box(-12.5, -8, 12.5, -3, 1.5), belt)
    if look.detail == "a belt":
        pen.stroke([*box(-3, -8, 3, -3, 1), (-3, -5)], 1, CREAM)


def trousers(pen: Pen, look: Look) -> None:
    hem, tones = 40 + 3 * look.tall, look.tones
    foot = 29 if look.detail == "wide legs" else 21
    inner = 7 if look.detail == "wide legs" else 8
    leg = [(0, -38), (17, -38), (20, -14), (foot, hem), (inner, hem), (1, -8), (0, -8)]
    for side in SIDES:
        pen.cloth(rounded(side(leg), 2.5), look)
        pen.stroke(side(curve([(10, -33), (13, -27), (19, -25)])), 1, tones.seam)
        pen.stroke(side([(12, -12), ((foot + inner) / 2, hem - 6)]), 0.7, tones.seam)
        if look.detail == "turned-up hems":
            pen.body(side(box(inner - 1, hem - 7, foot + 1, hem, 1.5)), tones.light)
    pen.stroke(curve([(0, -33), (0.5, -20), (0, -8)]), 1, tones.seam)
    pen.body(box(-18, -42, 18, -35, 1.5), tones.dark)
    for x in (-12, 12):
        pen.fill(box(x - 1, -43, x + 1, -34, 0.6), tones.light)
    pen.fill(oval(0, -38.5, 1.7), STEEL)


def skirt(pen: Pen, look: Look) -> None:
    hem, flare, tones = 28 + 4 * look.tall, 33 + 3 * look.wide, look.tones
    right = [(0, -28), (17, -28), (flare, hem - 3), (flare * 0.55, hem + 2), (0, hem + 3)]
    pen.cloth(rounded(both(right), 4), look)
    if look.detail == "pleats":
        for x in range(-3, 4):
            pen.stroke([(x * 4.4, -22), (x * flare / 4, hem)], 1.2, tones.seam)
    if look.detail == "a row of buttons":
        for step in range(6):
            pen.fill(oval(0, -16 + step * (hem + 8) / 6, 1.8), CREAM)
    if look.detail == "a ruffle at the hem":
        edge = [(-flare, hem - 4), (0, hem + 1), (flare, hem - 4), (flare + 4, hem + 7)]
        pen.body(rounded([*edge, (0, hem + 12), (-flare - 4, hem + 7)], 4), tones.light)
        for x in range(-4, 5):
            pen.stroke([(x * 7, hem + 2), (x * 8, hem + 8)], 0.9, tones.seam)
    pen.body(box(-18, -34, 18, -26, 2), tones.dark)


def cap(pen: Pen, look: Look) -> None:
    top, tones = -25 - 3 * look.tall, look.tones
    crown = [(-32, 12), (-31, -6), (-20, top + 4), (0, top), (18, top + 6), (27, -4), (28, 12)]
    pen.cloth([*curve(crown), (-2, 17)], look)
    for bend in (-14, 10):
        pen.stroke(curve([(0, top), (bend, -10), (bend * 1.2, 14)]), 0.8, tones.seam)
    pen.fill(oval(0, top, 3, 1.8), tones.dark)
    if look.detail == "a white badge":
        pen.body(box(-13, -11, 9, 3, 4), CREAM)
        pen.stroke(curve([(-8, -1), (-4, -6), (0, -2), (4, -7)]), 1.8, tones.base)
    peak = [(-32, 13), (-10, 8), (16, 7), (34, 11), (45, 20), (40, 24), (18, 19), (-8, 19)]
    pen.body(loop(peak), tones.deep if look.detail == "a dark peak" else tones.light)
    pen.stroke(curve([(-26, 14), (-6, 14), (16, 14), (38, 20)]), 0.7, tones.seam)
