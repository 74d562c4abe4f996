"""The sample catalogue: always the same, no two products alike, and true to its titles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.demo.drawings.kinds import KINDS
from lookalike.demo.drawings.palette import COLORS
from lookalike.demo.drawings.pen import SIZE
from lookalike.demo.rows import CatalogueRow
from lookalike.demo.sample import SampleProduct, draw_sample, sample_catalogue


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[CatalogueRow]:
    return draw_sample(folder)


def product(key: str) -> SampleProduct:
    return next(each for each in sample_catalogue() if each.key == key)


def dominant_color(picture: Path) -> str:
    """The name of the plain colour that the middle one of all strong or dark pixels is nearest to:
    papers, walls, tables and trimmings are pale."""
    with Image.open(picture) as image:
        pixels = np.asarray(image.resize((96, 96)), dtype=np.float64).reshape(-1, 3)
    strong = (np.ptp(pixels, axis=1) > 60) | (pixels.max(axis=1) < 90)
    middle = np.median(pixels[strong], axis=0)
    return min(COLORS, key=lambda name: float(np.linalg.norm(middle - COLORS[name])))


def test_the_catalogue_has_every_kind_in_every_colour() -> None:
    products = sample_catalogue()
    assert len(products) == 200
    assert {(each.kind, each.color) for each in products} == {
        (kind, color) for kind in KINDS for color in COLORS
    }
    assert len({each.key for each in products}) == len({each.title for each in products}) == 200


def test_titles_and_descriptions_say_what_is_drawn() -> None:
    for each in sample_catalogue():
        assert each.title.startswith(each.color.capitalize())
        assert each.title.endswith(each.kind)
        assert each.look.print.value in each.title
        assert f" with {each.look.detail}, " in each.description
        assert each.price > 0


def test_the_catalogue_is_the_same_each_time() -> None:
    assert sample_catalogue() == sample_catalogue()


@pytest.mark.parametrize("kind", KINDS)
def test_every_detail_of_a_kind_is_drawn(kind: str) -> None:
    each = product(f"{kind.replace(' ', '-')}-blue")
    looks = [replace(each.look, detail=detail) for detail in KINDS[kind].details]
    assert len({replace(each, look=look).front().tobytes() for look in looks}) == 3


@pytest.mark.parametrize("key", ["dress-green", "teapot-black", "toy-car-pink"])
def test_a_picture_has_the_same_pixels_each_time(key: str) -> None:
    once, again = product(key), product(key)
    assert once.front().size == (SIZE, SIZE)
    assert once.front().tobytes() == again.front().tobytes()
    assert once.at_home().tobytes() == again.at_home().tobytes()


def test_no_two_pictures_are_alike(rows: list[CatalogueRow]) -> None:
    assert len({row.image.read_bytes() for row in rows}) == len(rows) == 400


def test_every_query_shows_the_product_before_it_in_another_view(rows: list[CatalogueRow]) -> None:
    for front, at_home in zip(rows[::2], rows[1::2], strict=True):
        assert (front.is_query, at_home.is_query) == (False, True)
        assert front.id == front.product_id == at_home.product_id != at_home.id
        assert front.title == at_home.title
        with Image.open(front.image) as one, Image.open(at_home.image) as other:
            difference = np.asarray(one, dtype=np.int16) - np.asarray(other, dtype=np.int16)
        assert np.abs(difference).mean() > 10, at_home.id


def test_the_dominant_colour_of_every_picture_is_the_named_one(rows: list[CatalogueRow]) -> None:
    shown = {row.id: dominant_color(row.image) for row in rows}
    assert shown == {row.id: row.color for row in rows}


def test_only_what_is_missing_is_drawn_again(rows: list[CatalogueRow], folder: Path) -> None:
    kept, lost = rows[0].image, rows[1].image
    before, pixels = kept.stat().st_mtime_ns, lost.read_bytes()
    lost.unlink()
    assert draw_sample(folder) == rows
    assert kept.stat().st_mtime_ns == before
    assert lost.read_bytes() == pixels


def test_nothing_unfinished_is_left_behind(rows: list[CatalogueRow], folder: Path) -> None:
    assert {file for file in folder.rglob("*") if file.is_file()} == {row.image for row in rows}
