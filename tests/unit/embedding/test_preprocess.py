"""The resize rules, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from lookalike.embedding.packs import ImageInput, Resize
from lookalike.embedding.preprocess import prepare


def halves(width: int, height: int) -> Image.Image:
    """Left half black, right half grey."""
    image = Image.new("RGB", (width, height), "black")
    image.paste((128, 128, 128), (width // 2, 0, width, height))
    return image


@pytest.mark.parametrize("rule", list(Resize))
@pytest.mark.parametrize("size", [(400, 100), (100, 400), (64, 64), (1, 500), (3, 2)])
def test_every_picture_becomes_the_model_s_square(rule: Resize, size: tuple[int, int]) -> None:
    pixels = prepare(Image.new("RGB", size, "red"), ImageInput(64, rule))
    assert (pixels.shape, pixels.dtype) == ((64, 64, 3), np.uint8)


def test_pad_white_keeps_the_whole_picture_and_its_shape() -> None:
    pixels = prepare(halves(400, 100), ImageInput(80, Resize.PAD_WHITE))
    assert (pixels[:29] == 255).all()
    assert (pixels[51:] == 255).all()
    assert (pixels[35:45, :36] == 0).all()
    assert (pixels[35:45, 44:] == 128).all()


def test_shortest_edge_crop_takes_the_middle() -> None:
    image = halves(400, 100)
    image.paste("red", (0, 0, 100, 100))
    image.paste("red", (300, 0, 400, 100))
    pixels = prepare(image, ImageInput(50, Resize.SHORTEST_EDGE_CROP))
    assert (pixels[:, 2:22] == 0).all()
    assert (pixels[:, 28:48] == 128).all()


def test_squash_keeps_the_whole_picture_and_not_its_shape() -> None:
    pixels = prepare(halves(400, 100), ImageInput(50, Resize.SQUASH))
    assert (pixels[:, :23] == 0).all()
    assert (pixels[:, 27:] == 128).all()


def test_a_picture_of_the_right_size_passes_untouched() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    for rule in Resize:
        assert (prepare(Image.fromarray(noise), ImageInput(64, rule)) == noise).all()
