"""The contact sheet: queries at the left, their ranked answers beside them, as one picture."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from lookalike.errors import PictureUnusable
from lookalike.pixels.decode import decode

ANSWERS = 5
CELL = 184
GAP = 22
CAPTION = 50
ARROW = 72
MARGIN = 36
HEADER = 44
LINE = CELL + CAPTION + GAP
ANSWERS_AT = MARGIN + CELL + ARROW
WIDTH = ANSWERS_AT + ANSWERS * (CELL + GAP) - GAP + MARGIN

PAPER, TINT, FRAME = "#ffffff", "#f3f5f8", "#dfe3e9"
INK, FAINT, RIGHT = "#1d2430", "#6b7482", "#1c9a5b"

At = tuple[int, int]
"""The upper left corner of what is drawn, in pixels."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class RankedAnswer:
    """One answer; `is_right` where it shows the very product that was searched for."""

    picture: Path
    title: str
    score: float
    is_right: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """One query and its answers, best first. A query by words has no picture: its label is them."""

    label: str
    picture: Path | None
    answers: Sequence[RankedAnswer]


def contact_sheet(lines: Sequence[Answered]) -> Image.Image:
    """The sheet, one line a query, each with its first five answers."""
    sheet = Image.new("RGB", (WIDTH, MARGIN + HEADER + len(lines) * LINE), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN), "Searched with", FAINT, _font(18))
    draw.text((ANSWERS_AT, MARGIN), "Found, most similar first", FAINT, _font(18))
    for number, line in enumerate(lines):
        top = MARGIN + HEADER + number * LINE
        _draw_query(sheet, line, (MARGIN, top))
        _draw_arrow(draw, (MARGIN + CELL + 18, top + CELL // 2), ARROW - 36)
        for place, answer in enumerate(line.answers[:ANSWERS]):
            _draw_answer(sheet, answer, (ANSWERS_AT + place * (CELL + GAP), top))
    return sheet


def _draw_query(sheet: Image.Image, query: Answered, at: At) -> None:
    if query.picture is None:
        _draw_words(sheet, query.label, at)
        return
    _draw_picture(sheet, query.picture, at)
    caption = _fitted(query.label, CELL + ARROW - 16, _font(14))
    ImageDraw.Draw(sheet).text((at[0], at[1] + CELL + 8), caption, INK, _font(14))


def _draw_words(sheet: Image.Image, words: str, at: At) -> None:
    """The words of a query, large, in the place of its picture."""
    draw = ImageDraw.Draw(sheet)
    draw.rectangle(_square(at), fill=TINT, outline=FRAME)
    text = "\n".join(_wrapped(words, CELL - 28, 5, _font(25)))
    middle = (at[0] + CELL / 2, at[1] + CELL / 2)
    draw.multiline_text(middle, text, INK, _font(25), anchor="mm", spacing=6, align="center")


def _draw_arrow(draw: ImageDraw.ImageDraw, at: At, length: int) -> None:
    left, y = at
    tip = left + length
    draw.line((left, y, tip - 8, y), FAINT, 3)
    draw.polygon([(tip - 9, y - 7), (tip - 9, y + 7), (tip, y)], FAINT)


def _draw_answer(sheet: Image.Image, answer: RankedAnswer, at: At) -> None:
    draw = ImageDraw.Draw(sheet)
    left, below = at[0], at[1] + CELL + 8
    _draw_picture(sheet, answer.picture, at)
    if answer.is_right:
        draw.rectangle(_square(at), outline=RIGHT, width=5)
    draw.text((left, below), _fitted(answer.title, CELL, _font(14)), INK, _font(14))
    score = f"{answer.score:.2f}"
    bar = left + 40
    draw.text((left, below + 20), score, RIGHT if answer.is_right else FAINT, _font(14))
    draw.rectangle((bar, below + 26, left + CELL - 1, below + 31), FRAME)
    filled = round((CELL - 41) * min(max(answer.score, 0), 1))
    draw.rectangle((bar, below + 26, bar + filled, below + 31), RIGHT if answer.is_right else FAINT)


def _draw_picture(sheet: Image.Image, picture: Path, at: At) -> None:
    # A product is found by words though its picture is dead: then its cell stays empty.
    with suppress(PictureUnusable):
        image = decode(picture.read_bytes(), max_pixels=100_000_000, at_least=CELL)
        sheet.paste(ImageOps.pad(image, (CELL, CELL), color=PAPER), at)
    ImageDraw.Draw(sheet).rectangle(_square(at), outline=FRAME)


def _square(at: At) -> tuple[int, int, int, int]:
    left, top = at
    return (left, top, left + CELL - 1, top + CELL - 1)


def _fitted(text: str, width: float, font: Font) -> str:
    """As much of the text as fits on one line of so many pixels, with an ellipsis for the rest."""
    whole = " ".join(text.split())
    if font.getlength(whole) <= width:
        return whole

    def cut(kept: int) -> str:
        return whole[:kept].rstrip() + "…"

    too_long = bisect_right(range(len(whole)), width, key=lambda kept: font.getlength(cut(kept)))
    return cut(max(0, too_long - 1))


def _wrapped(text: str, width: float, most: int, font: Font) -> list[str]:
    """The text on at most so many lines of so many pixels, broken between words."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines[most - 1 :] = [" ".join(lines[most - 1 :])]
    return [_fitted(line, width, font) for line in lines]


@cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size)
