"""Garments, shoes and bags."""

from __future__ import annotations

from lookalike.demo.drawings.canvas import Canvas, mirrored, round_points


def t_shirt(canvas: Canvas) -> None:
    """Short sleeves, a round neck."""
    canvas.body(mirrored([(42, 18), (34, 20), (12, 34), (20, 49), (30, 43), (30, 86), (50, 87)]))
    canvas.polygon(round_points((50, 18), 9, 7, 0, 180), canvas.paint.dark)
    canvas.line([(30, 43), (31, 36)], 0.8, canvas.paint.dark)
    canvas.line([(70, 43), (69, 36)], 0.8, canvas.paint.dark)


def hoodie(canvas: Canvas) -> None:
    """Long sleeves, a hood, a pocket."""
    canvas.polygon(round_points((50, 24), 17, 15, 180, 360), canvas.paint.dark)
    canvas.body(mirrored([(36, 22), (26, 27), (12, 74), (23, 78), (30, 52), (30, 86), (50, 86)]))
    canvas.ellipse((50, 23), 10, 8, canvas.paint.dark)
    canvas.line([(46, 30), (45, 44)], 1.2, canvas.paint.trim)
    canvas.line([(54, 30), (55, 44)], 1.2, canvas.paint.trim)
    canvas.polygon([(38, 62), (62, 62), (68, 76), (32, 76)], canvas.paint.dark)


def dress(canvas: Canvas) -> None:
    """A fitted top, a wide skirt."""
    canvas.line([(40, 12), (38, 26)], 2.4, canvas.paint.main)
    canvas.line([(60, 12), (62, 26)], 2.4, canvas.paint.main)
    canvas.body(mirrored([(37, 24), (39, 46), (20, 88), (35, 91), (50, 90)]))
    canvas.polygon([(39, 44), (61, 44), (62, 48), (38, 48)], canvas.paint.dark)


def trousers(canvas: Canvas) -> None:
    """Two straight legs."""
    canvas.body(mirrored([(33, 12), (29, 50), (27, 90), (44, 90), (50, 38)]))
    canvas.box(33, 11, 67, 17, canvas.paint.dark)
    canvas.line([(50, 17), (50, 36)], 0.8, canvas.paint.dark)
    canvas.line([(37, 20), (34, 29)], 0.8, canvas.paint.dark)
    canvas.line([(63, 20), (66, 29)], 0.8, canvas.paint.dark)


def skirt(canvas: Canvas) -> None:
    """Wide at the hem, with folds."""
    canvas.body(mirrored([(36, 24), (18, 76), (34, 80), (50, 80)]))
    canvas.box(36, 22, 64, 28, canvas.paint.dark)
    for top, hem in ((44, 36), (50, 50), (56, 64)):
        canvas.line([(top, 30), (hem, 77)], 0.7, canvas.paint.dark)


def cap(canvas: Canvas) -> None:
    """A crown and a peak."""
    canvas.body(round_points((46, 60), 30, 34, 180, 360))
    canvas.polygon([(16, 60), (76, 58), (92, 66), (88, 71), (60, 66), (16, 66)], canvas.paint.dark)
    canvas.ellipse((46, 27), 3, 2.2, canvas.paint.trim)
    canvas.line([(46, 28), (42, 58)], 0.8, canvas.paint.dark)


def sneaker(canvas: Canvas) -> None:
    """A low shoe with laces and a white sole."""
    canvas.body([(12, 46), (30, 40), (44, 34), (52, 50), (70, 57), (88, 62), (90, 72), (12, 72)])
    canvas.box(10, 70, 92, 79, (240, 240, 240))
    canvas.line([(11, 75), (91, 75)], 1.0, canvas.paint.dark)
    for step in range(4):
        x, y = 45 + 6 * step, 41 + 5 * step
        canvas.line([(x, y), (x - 7, y + 6)], 1.6, canvas.paint.trim)
    canvas.polygon([(12, 46), (20, 43), (24, 70), (12, 70)], canvas.paint.dark)


def boot(canvas: Canvas) -> None:
    """A shaft to the calf, a heel."""
    canvas.body([(30, 12), (58, 12), (57, 56), (74, 62), (86, 70), (87, 80), (30, 80)])
    canvas.box(28, 10, 60, 18, canvas.paint.dark)
    canvas.polygon([(29, 79), (88, 79), (88, 84), (46, 84), (46, 90), (29, 90)], (52, 42, 36))
    canvas.line([(52, 20), (52, 74)], 1.0, canvas.paint.trim)


def heel(canvas: Canvas) -> None:
    """A pump on a high, thin heel."""
    canvas.body([(14, 40), (26, 34), (52, 58), (78, 70), (90, 78), (60, 80), (30, 58), (20, 56)])
    canvas.polygon([(14, 42), (24, 50), (20, 84), (16, 84)], canvas.paint.dark)
    canvas.polygon([(36, 62), (60, 78), (90, 78), (90, 81), (58, 82)], canvas.paint.dark)


def handbag(canvas: Canvas) -> None:
    """A stiff bag under a round handle."""
    canvas.ring((50, 42), 19, 24, 3, canvas.paint.dark)
    canvas.body([(22, 42), (78, 42), (86, 84), (14, 84)])
    canvas.polygon([(22, 42), (78, 42), (74, 60), (26, 60)], canvas.paint.dark)
    canvas.ellipse((50, 60), 3.4, 3.4, (222, 188, 92))


def backpack(canvas: Canvas) -> None:
    """A round top, a pocket, straps."""
    canvas.ring((50, 18), 9, 8, 2.4, canvas.paint.dark)
    canvas.line([(27, 40), (19, 60), (24, 82)], 4, canvas.paint.dark)
    canvas.line([(73, 40), (81, 60), (76, 82)], 4, canvas.paint.dark)
    canvas.body([*round_points((50, 42), 25, 24, 180, 360), (76, 86), (24, 86)])
    canvas.box(31, 58, 69, 80, canvas.paint.dark)
    canvas.line([(34, 63), (66, 63)], 1.4, canvas.paint.trim)
    canvas.line([(30, 40), (70, 40)], 1.0, canvas.paint.dark)
