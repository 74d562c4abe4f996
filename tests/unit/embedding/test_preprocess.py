"""Each resize rule, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lookalike.embedding.packs import ImageInput, Resample, Resize
from lookalike.embedding.preprocess import decode_at_least, prepare

BICUBIC = Resample.BICUBIC
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)


def of(pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(pixels)


def noise(width: int, height: int) -> Image.Image:
    numbers = np.random.default_rng(seed=width * 10_000 + height)
    return of(numbers.integers(0, 256, (height, width, 3), dtype=np.uint8))


def stripes(*colors: tuple[int, int, int], edge: int = 6) -> Image.Image:
    """Squares of these colours, side by side."""
    return of(np.repeat(np.repeat([colors], edge, axis=0), edge, axis=1).astype(np.uint8))


def upright(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.TRANSPOSE)


@pytest.mark.parametrize("resample", Resample)
@pytest.mark.parametrize("rule", Resize)
def test_a_picture_of_the_right_size_stays_as_it_is(rule: Resize, resample: Resample) -> None:
    image = noise(24, 24)
    assert np.array_equal(prepare(image, ImageInput(24, rule, resample)), np.asarray(image))


@pytest.mark.parametrize("rule", Resize)
@pytest.mark.parametrize("size", [(1, 1), (3, 700), (700, 3), (20_000, 1), (1, 20_000), (33, 47)])
def test_any_picture_becomes_the_square(rule: Resize, size: tuple[int, int]) -> None:
    pixels = prepare(Image.new("RGB", size, RED), ImageInput(32, rule, BICUBIC))
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
    assert tuple(pixels[16, 16]) == RED or rule is Resize.PAD_WHITE


def test_pad_white_shows_the_whole_picture_between_two_bands() -> None:
    model = ImageInput(12, Resize.PAD_WHITE, BICUBIC)
    wide = prepare(Image.new("RGB", (48, 24), BLUE), model)
    assert (wide[:3] == WHITE).all()
    assert (wide[3:9] == BLUE).all()
    assert (wide[9:] == WHITE).all()
    tall = prepare(Image.new("RGB", (24, 48), BLUE), model)
    assert np.array_equal(tall, wide.transpose(1, 0, 2))


def test_pad_white_keeps_a_hair_of_a_strip() -> None:
    pixels = prepare(Image.new("RGB", (9000, 3), BLUE), ImageInput(12, Resize.PAD_WHITE, BICUBIC))
    assert [tuple(row[0]) for row in pixels].count(BLUE) == 1


def test_the_crop_shows_the_middle() -> None:
    model = ImageInput(6, Resize.SHORTEST_EDGE_CROP, BICUBIC)
    assert (prepare(stripes(RED, GREEN, BLUE), model) == GREEN).all()
    assert (prepare(upright(stripes(RED, GREEN, BLUE)), model) == GREEN).all()


def test_the_crop_of_a_long_strip_shows_its_middle() -> None:
    strip = stripes(*[RED] * 40, GREEN, *[BLUE] * 40)
    model = ImageInput(6, Resize.SHORTEST_EDGE_CROP, BICUBIC)
    assert (prepare(strip, model) == GREEN).all()
    assert (prepare(upright(strip), model) == GREEN).all()


@pytest.mark.parametrize("size", [(50, 37), (37, 50), (31, 33), (200, 17), (16, 99), (224, 225)])
def test_the_crop_cuts_where_transformers_cuts(size: tuple[int, int]) -> None:
    image, edge = noise(*size), 32
    long = int(edge * max(size) / min(size))  # rounded down, as CLIPImageProcessor does
    resized = image.resize(
        (edge, long) if size[0] < size[1] else (long, edge), Image.Resampling.BICUBIC
    )
    left, top = (resized.width - edge) // 2, (resized.height - edge) // 2
    cut = np.asarray(resized)[top : top + edge, left : left + edge]
    assert np.array_equal(prepare(image, ImageInput(edge, Resize.SHORTEST_EDGE_CROP, BICUBIC)), cut)


def test_squash_shows_the_whole_picture_without_bands() -> None:
    pixels = prepare(stripes(RED, GREEN, BLUE, edge=60), ImageInput(15, Resize.SQUASH, BICUBIC))
    assert (pixels[:, 1] == RED).all()
    assert (pixels[:, 7] == GREEN).all()
    assert (pixels[:, 13] == BLUE).all()


@pytest.mark.parametrize(
    ("resample", "expected"),
    # A black and a white pixel drawn out to four: the second lies 1/4 from the black one's middle
    # and 3/4 from the white one's. Bilinear weighs these .75 and .25, Keys' cubic .867 and .227.
    [(Resample.BILINEAR, [0, 64, 191, 255]), (Resample.BICUBIC, [0, 53, 202, 255])],
)
def test_the_filter_is_the_one_that_the_pack_names(resample: Resample, expected: list[int]) -> None:
    pixels = prepare(stripes((0, 0, 0), WHITE, edge=1), ImageInput(4, Resize.SQUASH, resample))
    assert pixels[0, :, 0].tolist() == expected


def test_a_decoder_leaves_twice_the_size_to_the_resize() -> None:
    assert decode_at_least(ImageInput(160, Resize.PAD_WHITE, BICUBIC)) == 320
