"""The contact sheet: queries at the left, their ranked answers beside them, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from lookalike.errors import PictureUnusable
from lookalike.pixels.decode import decode

ANSWERS = 5
CELL = 168
GAP = 20
CAPTION = 48
QUERY_GAP = 64
MARGIN = 28
HEADER = 48

INK, FAINT, RIGHT, PAPER, FRAME = "#1d2430", "#6b7482", "#1c9a5b", "#ffffff", "#dfe3e9"


@dataclass(frozen=True, slots=True)
class RankedAnswer:
    """One answer; `is_right` where it shows the very product that was searched for."""

    picture: Path
    title: str
    score: float
    is_right: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """One query and its answers, best first. A query by words has no picture."""

    label: str
    picture: Path | None
    answers: Sequence[RankedAnswer]


def contact_sheet(lines: Sequence[Answered]) -> Image.Image:
    """The sheet, one line a query."""
    width = 2 * MARGIN + CELL + QUERY_GAP + ANSWERS * CELL + (ANSWERS - 1) * GAP
    height = MARGIN + HEADER + len(lines) * (CELL + CAPTION + GAP)
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    answers_at = MARGIN + CELL + QUERY_GAP
    draw.text((MARGIN, MARGIN), "Searched with", FAINT, _font(18))
    draw.text((answers_at, MARGIN), "Found, most similar first", FAINT, _font(18))
    for number, line in enumerate(lines):
        _draw_line(sheet, line, MARGIN + HEADER + number * (CELL + CAPTION + GAP), answers_at)
    return sheet


def _draw_line(sheet: Image.Image, line: Answered, top: int, answers_at: int) -> None:
    draw = ImageDraw.Draw(sheet)
    _draw_picture(sheet, line.picture, (MARGIN, top), FRAME)
    if line.picture is None:
        draw.text((MARGIN + CELL // 2, top + CELL // 2), "“words”", INK, _font(26), anchor="mm")
    _draw_fitted(draw, (MARGIN, top + CELL + 6), line.label, CELL + QUERY_GAP - 12, 14)
    middle = top + CELL // 2
    tip = answers_at - 18
    draw.line((MARGIN + CELL + 18, middle, tip, middle), FAINT, 3)
    draw.polygon([(tip, middle - 7), (tip, middle + 7), (tip + 9, middle)], FAINT)
    for place, answer in enumerate(line.answers[:ANSWERS]):
        left = answers_at + place * (CELL + GAP)
        _draw_picture(sheet, answer.picture, (left, top), RIGHT if answer.is_right else FRAME)
        ink = RIGHT if answer.is_right else INK
        draw.text((left, top + CELL + 5), f"{answer.score:.2f}", ink, _font(16))
        _draw_fitted(draw, (left, top + CELL + 25), answer.title, CELL, 14)


def _draw_picture(
    sheet: Image.Image, picture: Path | None, at: tuple[int, int], frame: str
) -> None:
    # A product is found by words though its picture is dead: then its cell stays empty.
    with suppress(PictureUnusable):
        if picture is not None:
            image = decode(picture.read_bytes(), max_pixels=100_000_000, at_least=CELL)
            sheet.paste(ImageOps.pad(image, (CELL, CELL), color=PAPER), at)
    left, top = at
    box = (left, top, left + CELL - 1, top + CELL - 1)
    ImageDraw.Draw(sheet).rectangle(box, outline=frame, width=4 if frame == RIGHT else 1)


def _draw_fitted(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, width: int, size: int
) -> None:
    """Writes as much of the text as fits, with an ellipsis where it does not."""
    font = _font(size)
    shown = text
    while shown and draw.textlength(shown if shown == text else shown + "…", font) > width:
        shown = shown[:-1]
    draw.text(at, shown if shown == text else shown.rstrip() + "…", INK, font)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
