"""How a picture is brought to a model's square: one function a resize rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lookalike.embedding.packs import ImageInput, Resize

_BICUBIC = Image.Resampling.BICUBIC


def prepare(image: Image.Image, model: ImageInput) -> NDArray[np.uint8]:
    """The pixels that the model takes, [size, size, 3], of a picture in RGB."""
    resized = _RULES[model.resize](image, model.size)
    return np.asarray(resized, dtype=np.uint8)


def decode_at_least(model: ImageInput) -> int:
    """The least edge, in pixels, to which a decoder may reduce a picture for this model. Twice the
    model's size, so that the resize that follows still decides what each pixel becomes."""
    return 2 * model.size


def _pad_white(image: Image.Image, size: int) -> Image.Image:
    return ImageOps.pad(image, (size, size), method=_BICUBIC, color="white")


def _shortest_edge_crop(image: Image.Image, size: int) -> Image.Image:
    shortest = min(image.size)
    width, height = (max(size, edge * size // shortest) for edge in image.size)
    left, top = (width - size) // 2, (height - size) // 2
    return image.resize((width, height), _BICUBIC).crop((left, top, left + size, top + size))


def _squash(image: Image.Image, size: int) -> Image.Image:
    return image.resize((size, size), _BICUBIC)


_RULES = {
    Resize.PAD_WHITE: _pad_white,
    Resize.SHORTEST_EDGE_CROP: _shortest_edge_crop,
    Resize.SQUASH: _squash,
}
