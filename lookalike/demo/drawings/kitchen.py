"""What stands in a kitchen."""

from __future__ import annotations

from lookalike.demo.drawings.look import Look
from lookalike.demo.drawings.outlines import arc, both, box, curve, oval, rounded
from lookalike.demo.drawings.palette import BRASS, CREAM, STEEL, STEEL_DARK, WOOD
from lookalike.demo.drawings.pen import Pen


def mug(pen: Pen, look: Look) -> None:
    tones, half, top = look.tones, 25 + 2 * look.wide, -29 - 4 * look.tall
    if look.detail == "a square handle":
        grip = rounded([(half - 6, top + 14), (42, top + 14), (42, 22), (half - 6, 22)], 6)
    else:
        grip = arc((half, (top + 34) / 2), (16, 17), -95, 95)
    pen.stroke(grip, 5.6, tones.dark)
    pen.stroke(grip, 2, tones.base)
    wall = [(0, top), (half, top), (half - 1, 16), (half - 4, 36), (0, 36)]
    pen.cloth(rounded(both(wall), 7), look)
    pen.fill(oval(0, top + 2, half, 6), CREAM if look.detail == "a white rim" else tones.light)
    pen.fill(oval(0, top + 2.6, half - 2.4, 4.4), tones.deep)
    shine = [(-half + 6, top + 16), (-half + 5.4, 8), (-half + 8, 24)]
    pen.stroke(curve(shine), 1.8, tones.light)


def teapot(pen: Pen, look: Look) -> None:
    tones, half = look.tones, 28 + 2 * look.wide
    arch = arc((-half + 2, 3), (13, 15), 80, 280)
    pen.stroke(arch, 4.4, BRASS if look.detail == "a brass handle" else tones.dark)
    spout = [(16, 20), (28, 2), (33, -14), (44, -20), (43, -14), (39, 2), (24, 28)]
    pen.body(rounded(spout, 6), tones.base)
    pen.cloth(both(curve([(0, -20), (14, -19), (half, 2), (23, 25), (14, 31), (0, 31)])), look)
    pen.body(box(-15, 30, 15, 35, 1.5), tones.dark)
    pen.body(rounded(both([(0, -27), (10, -25), (17, -17), (0, -15)]), 3), tones.light)
    pen.body(oval(0, -30 - look.tall, 4.4), WOOD if look.detail == "a wooden knob" else tones.dark)
    pen.stroke(curve([(-half + 6, 4), (-half + 6, -4), (-half + 13, -12)]), 1.8, tones.light)


def bottle(pen: Pen, look: Look) -> None:
    tones, half, shoulder = look.tones, 16 + 1.5 * look.wide, -16 + 3 * look.tall
    if look.detail == "a loop to carry it":
        pen.stroke(arc((0, -38), (8, 6), 180, 360), 2.8, tones.deep)
    pen.body(box(-8, -40, 8, -28, 2), tones.deep if look.detail == "a loop to carry it" else STEEL)
    neck = [(0, -30), (7.4, -30), (8.4, -25), (half, shoulder), (half, 41), (0, 41)]
    pen.cloth(rounded(both(neck), 5), look)
    pen.stroke([(-6.6, -28), (6.6, -28)], 1, STEEL_DARK)
    if look.detail == "a white band":
        pen.body(box(-half, 6, half, 22, 0.5), CREAM)
        pen.fill(oval(0, 14, 4.4), tones.base)
    pen.stroke([(-half + 4.4, shoulder + 5), (-half + 4.4, 33)], 1.8, tones.light)
