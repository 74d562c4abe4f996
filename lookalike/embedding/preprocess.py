"""How a picture is brought to a model's square: one function a resize rule.

Scaling to floats and normalisation are inside the graph, so whatever runs it sees these bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.embedding.packs import ImageInput, Resample, Resize

_FILTERS = {
    Resample.BICUBIC: Image.Resampling.BICUBIC,
    Resample.BILINEAR: Image.Resampling.BILINEAR,
}

_LONGEST_STRIP = 16


def prepare(image: Image.Image, model: ImageInput) -> NDArray[np.uint8]:
    """The pixels that the model takes, [size, size, 3], of a picture in RGB."""
    square = _RULES[model.resize](image, model.size, _FILTERS[model.resample])
    return np.asarray(square, dtype=np.uint8)


def decode_at_least(model: ImageInput) -> int:
    """The least edge, in pixels, to which a decoder may reduce a picture for this model. Twice the
    model's size, so that the resize that follows still decides what each pixel becomes: vectors of
    shop photographs then stay at a cosine of 0.999 or more to those of the whole picture."""
    return 2 * model.size


def _pad_white(image: Image.Image, size: int, resample: Image.Resampling) -> Image.Image:
    """The whole picture in the middle of a white square. It is padded after the resize, because the
    square around a long strip would be too large to make."""
    scale = size / max(image.size)
    width, height = (max(1, round(edge * scale)) for edge in image.size)
    square = Image.new("RGB", (size, size), "white")
    fitted = image.resize((width, height), resample)
    square.paste(fitted, ((size - width) // 2, (size - height) // 2))
    return square


def _shortest_edge_crop(image: Image.Image, size: int, resample: Image.Resampling) -> Image.Image:
    """The middle of the picture, pixel by pixel as transformers' CLIPImageProcessor makes it."""
    image = _without_far_ends(image)
    shortest = min(image.size)
    width, height = (edge * size // shortest for edge in image.size)
    return _middle(image.resize((width, height), resample), size, size)


def _squash(image: Image.Image, size: int, resample: Image.Resampling) -> Image.Image:
    """The whole picture, its sides shrunk or stretched each by itself."""
    return image.resize((size, size), resample)


def _without_far_ends(image: Image.Image) -> Image.Image:
    """Only the middle of a strip will be seen, and at full length it could be enlarged beyond all
    memory."""
    longest = _LONGEST_STRIP * min(image.size)
    return _middle(image, min(image.width, longest), min(image.height, longest))


def _middle(image: Image.Image, width: int, height: int) -> Image.Image:
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


_RULES = {
    Resize.PAD_WHITE: _pad_white,
    Resize.SHORTEST_EDGE_CROP: _shortest_edge_crop,
    Resize.SQUASH: _squash,
}
