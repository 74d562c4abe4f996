"""Things of the house."""

from __future__ import annotations

from lookalike.demo.drawings.canvas import Canvas, mirrored, round_points

WOOD = (150, 106, 66)
STEEL = (150, 156, 166)
CREAM = (250, 246, 232)
INK = (46, 50, 60)


def mug(canvas: Canvas) -> None:
    """Straight sides, a handle at the right."""
    canvas.ring((70, 52), 15, 16, 5, canvas.paint.dark)
    canvas.body([(24, 28), (70, 28), (68, 78), *round_points((46, 76), 22, 6, 20, 160), (26, 78)])
    canvas.ellipse((47, 28), 23, 6, canvas.paint.light)
    canvas.ellipse((47, 29), 19, 4.2, (88, 60, 42))


def teapot(canvas: Canvas) -> None:
    """A round belly, a spout, a lid."""
    canvas.ring((22, 54), 13, 14, 4, canvas.paint.dark)
    canvas.polygon([(68, 48), (92, 34), (96, 38), (80, 66), (68, 70)], canvas.paint.dark)
    canvas.body(round_points((48, 56), 28, 25, 0, 360))
    canvas.polygon(round_points((48, 36), 16, 8, 180, 360), canvas.paint.dark)
    canvas.ellipse((48, 26), 4, 4, canvas.paint.trim)


def bottle(canvas: Canvas) -> None:
    """A slim flask with a steel cap."""
    canvas.box(43, 8, 57, 18, STEEL)
    canvas.body(mirrored([(44, 17), (44, 26), (35, 36), (35, 88), (38, 92), (50, 92)]))
    canvas.line([(40, 40), (40, 84)], 2, canvas.paint.light)


def table_lamp(canvas: Canvas) -> None:
    """A shade on a short stem."""
    canvas.box(47.5, 46, 52.5, 80, STEEL)
    canvas.ellipse((50, 83), 19, 5, INK)
    canvas.body([(36, 14), (64, 14), (80, 50), (20, 50)])
    canvas.ellipse((50, 50), 30, 4, CREAM)


def floor_lamp(canvas: Canvas) -> None:
    """A long bow, a round shade hanging from it."""
    canvas.line([(24, 92), (24, 34), (34, 16), (54, 10), (70, 22)], 2, STEEL)
    canvas.ellipse((24, 92), 14, 3.4, INK)
    canvas.body(round_points((70, 44), 20, 22, 180, 360))
    canvas.ellipse((70, 44), 20, 4, CREAM)


def chair(canvas: Canvas) -> None:
    """A back, a seat, four wooden legs."""
    for x, foot in ((31, 26), (69, 74), (40, 40), (60, 60)):
        canvas.line([(x, 58), (foot, 92)], 3, WOOD)
    canvas.body([(30, 10), (70, 10), (68, 46), (32, 46)])
    canvas.polygon([(28, 52), (72, 52), (78, 62), (22, 62)], canvas.paint.dark)
    canvas.line([(34, 46), (34, 54)], 2.4, WOOD)
    canvas.line([(66, 46), (66, 54)], 2.4, WOOD)


def armchair(canvas: Canvas) -> None:
    """Soft, wide, low."""
    canvas.line([(24, 82), (22, 91)], 3.4, WOOD)
    canvas.line([(76, 82), (78, 91)], 3.4, WOOD)
    canvas.body([*round_points((50, 40), 27, 24, 180, 360), (77, 76), (23, 76)])
    canvas.box(28, 56, 72, 74, canvas.paint.light)
    canvas.box(12, 48, 29, 84, canvas.paint.dark)
    canvas.box(71, 48, 88, 84, canvas.paint.dark)
    canvas.box(26, 74, 74, 84, canvas.paint.dark)


def clock(canvas: Canvas) -> None:
    """A round wall clock, ten past ten."""
    canvas.body(round_points((50, 50), 38, 38, 0, 360))
    canvas.ellipse((50, 50), 31, 31, CREAM)
    for x, y in ((50, 23), (77, 50), (50, 77), (23, 50)):
        canvas.ellipse((x, y), 2, 2, INK)
    canvas.line([(50, 50), (36, 41)], 3, INK)
    canvas.line([(50, 50), (67, 36)], 2.2, INK)
    canvas.ellipse((50, 50), 3, 3, canvas.paint.dark)


def umbrella(canvas: Canvas) -> None:
    """Open, with a crook."""
    crook = round_points((56, 82), 6, 7, 180, 0)
    canvas.line([(50, 12), (50, 82), *crook], 2, WOOD)
    canvas.body(round_points((50, 52), 40, 38, 180, 360))
    for x in (20, 40, 60, 80):
        canvas.polygon(round_points((x, 52), 10, 5, 180, 360), canvas.paint.dark)


def vase(canvas: Canvas) -> None:
    """A narrow neck, a wide belly."""
    canvas.body(mirrored([(41, 12), (44, 26), (28, 46), (26, 62), (38, 88), (50, 89)]))
    canvas.ellipse((50, 12), 9, 2.4, canvas.paint.dark)
    canvas.polygon([(29, 46), (71, 46), (73, 52), (27, 52)], canvas.paint.trim)
