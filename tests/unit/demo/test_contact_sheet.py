"""The contact sheet, judged by its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageColor

from lookalike.demo.contact_sheet import (
    ANSWERS_AT,
    CAPTION,
    CELL,
    GAP,
    HEADER,
    LINE,
    MARGIN,
    RIGHT,
    WIDTH,
    Answered,
    RankedAnswer,
    contact_sheet,
)

FIRST = MARGIN + HEADER
"""Top of the first line."""


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "wide.png"
    Image.new("RGB", (60, 30), "orange").save(file)
    return file


def answers(picture: Path, title: str = "Mug", count: int = 5) -> list[RankedAnswer]:
    return [RankedAnswer(picture, title, 0.9, is_right=place == 1) for place in range(count)]


def pixels(sheet: Image.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(sheet)


def test_the_sheet_grows_by_one_line_a_query(picture: Path) -> None:
    line = Answered("Mug", picture, answers(picture))
    one, three = contact_sheet([line]), contact_sheet([line] * 3)
    assert one.mode == "RGB"
    assert one.width == three.width == WIDTH
    assert three.height - one.height == 2 * LINE


def test_only_right_answers_have_a_green_frame(picture: Path) -> None:
    sheet = contact_sheet([Answered("Mug", picture, answers(picture))])
    corners = [sheet.getpixel((ANSWERS_AT + place * (CELL + GAP), FIRST)) for place in range(5)]
    green = ImageColor.getrgb(RIGHT)
    assert [corner == green for corner in corners] == [False, True, False, False, False]


@pytest.mark.parametrize("title", ["A very long title " * 60, "W" * 1000, "長い題名" * 200])
def test_a_long_title_stays_below_its_own_picture(picture: Path, title: str) -> None:
    sheet = pixels(contact_sheet([Answered(title, picture, answers(picture, title))]))
    captions = slice(FIRST + CELL, FIRST + LINE)
    for place in range(5):
        right_of_it = ANSWERS_AT + place * (CELL + GAP) + CELL + 2
        assert (sheet[captions, right_of_it : right_of_it + GAP - 4] == 255).all()
    assert (sheet[captions, ANSWERS_AT - 12 : ANSWERS_AT - 2] == 255).all()
    assert (sheet[captions, ANSWERS_AT : ANSWERS_AT + CELL] != 255).any()


@pytest.mark.parametrize(
    "title", ["", "Гарна чашка", "赤いマグ 牛乳", "two\nlines\tof it", "☕🫖", "\x00\ud800"]
)
def test_titles_in_any_script_are_drawn(picture: Path, title: str) -> None:
    plain = contact_sheet([Answered("Mug", picture, answers(picture))])
    sheet = contact_sheet([Answered(title, picture, answers(picture, title))])
    assert sheet.size == plain.size


def test_words_stand_large_in_the_place_of_a_picture(picture: Path) -> None:
    words = "a red canvas backpack for school"
    by_words = pixels(contact_sheet([Answered(words, None, answers(picture))]))
    without = pixels(contact_sheet([Answered("", None, answers(picture))]))
    changed = np.argwhere((by_words != without).any(axis=2))
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    assert FIRST < top < bottom < FIRST + CELL
    assert MARGIN < left < right < MARGIN + CELL
    assert bottom - top > 60


def test_words_too_many_for_their_place_stay_in_it(picture: Path) -> None:
    without = pixels(contact_sheet([Answered("", None, [])]))
    for words in ("many words " * 200, "W" * 500):
        sheet = pixels(contact_sheet([Answered(words, None, [])]))
        rows, columns = np.nonzero((sheet != without).any(axis=2))
        assert FIRST < rows.min() < rows.max() < FIRST + CELL
        assert MARGIN < columns.min() < columns.max() < MARGIN + CELL


def test_more_answers_than_there_is_room_for_are_left_out(picture: Path) -> None:
    five = contact_sheet([Answered("Mug", picture, answers(picture))])
    seven = contact_sheet([Answered("Mug", picture, answers(picture, count=7))])
    assert seven.tobytes() == five.tobytes()


def test_a_query_without_answers_is_drawn(picture: Path) -> None:
    sheet = pixels(contact_sheet([Answered("Mug", picture, [])]))
    assert (sheet[FIRST : FIRST + CELL + CAPTION, ANSWERS_AT:] == 255).all()


def test_the_cell_of_a_dead_picture_stays_empty(picture: Path, tmp_path: Path) -> None:
    dead = tmp_path / "dead.jpg"
    dead.write_bytes(b"no picture")
    sheet = pixels(contact_sheet([Answered("Mug", picture, answers(dead, count=1))]))
    cell = sheet[FIRST + 1 : FIRST + CELL - 1, ANSWERS_AT + 1 : ANSWERS_AT + CELL - 1]
    assert (cell == 255).all()
    assert (sheet[FIRST, ANSWERS_AT] != 255).any()


def test_the_score_fills_its_bar(picture: Path) -> None:
    def filled(score: float) -> int:
        answer = RankedAnswer(picture, "", score, is_right=True)
        sheet = pixels(contact_sheet([Answered("", picture, [answer])]))
        bar = sheet[FIRST + CELL + 8 + 28, ANSWERS_AT + 40 : ANSWERS_AT + CELL]
        return int((bar == ImageColor.getrgb(RIGHT)).all(axis=1).sum())

    assert filled(0) < 3
    assert filled(0.5) == pytest.approx((CELL - 40) / 2, abs=2)
    assert filled(1) == filled(1.2) == CELL - 40
