"""What an export says of itself: a folder in the layout of transformers.js, with the configuration
files of the Hugging Face model at its top and the graphs in `onnx/`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from lookalike.embedding import packs
from lookalike.embedding.packs import ImageInput, Resample, Resize
from lookalike.errors import Misconfigured

CONFIG = "config.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
SPECIAL_TOKENS = "special_tokens_map.json"
SIDE_FILES = (CONFIG, TOKENIZER_CONFIG, SPECIAL_TOKENS)
"""Taken where they are there."""

_RESAMPLES = {2: Resample.BILINEAR, 3: Resample.BICUBIC}
"""By Pillow's numbers, which the configuration files use."""

Json = Mapping[str, Any]


class Family(StrEnum):
    """Which rules hold where the files are silent."""

    CLIP = "clip"
    SIGLIP = "siglip"
    OTHER = "other"


_CONTEXTS = {Family.CLIP: 77, Family.SIGLIP: 64}

_MEANS = {
    Family.CLIP: (0.48145466, 0.4578275, 0.40821073),
    Family.SIGLIP: (0.5, 0.5, 0.5),
}
_STDS = {
    Family.CLIP: (0.26862954, 0.26130258, 0.27577711),
    Family.SIGLIP: (0.5, 0.5, 0.5),
}


@dataclass(frozen=True, slots=True)
class Normalisation:
    """From bytes to what the model was trained on: (pixel x scale - mean) / std, a channel each."""

    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export whose files were read. `tokens`: tokenizer_config.json, with the names of the
    special tokens."""

    folder: Path
    family: Family
    image: ImageInput
    normalisation: Normalisation
    context: int
    tokens: Json


def read_export(folder: Path, context: int | None = None) -> Export:
    """Reads the configuration files. `context`: the tokens of a text, where it is known already.

    Raises `Misconfigured` saying which file is missing or asks for what cannot be done here.
    """
    for name in packs.FILES:
        if not (folder / name).is_file():
            raise Misconfigured(
                f"{folder} has no {name}, so it is no export in the layout of transformers.js. "
                f"It needs {', '.join(packs.FILES)}."
            )
    config = _json(folder / CONFIG, needed=False)
    processor = _json(folder / packs.PREPROCESSOR)
    tokens = {**_json(folder / SPECIAL_TOKENS, needed=False)}
    tokens |= _json(folder / TOKENIZER_CONFIG, needed=False)
    family = _family(config, processor)
    try:
        return Export(
            folder=folder,
            family=family,
            image=_image(processor, family),
            normalisation=_normalisation(processor, family),
            context=context or _context(config, tokens, family),
            tokens=tokens,
        )
    except (ValueError, TypeError, KeyError) as error:
        raise Misconfigured(f"The export in {folder} cannot be used: {error}.") from error


def _json(path: Path, *, needed: bool = True) -> Json:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        if not needed:
            return {}
        raise
    except ValueError as error:
        raise Misconfigured(f"{path} is not JSON: {error}. Fetch it again.") from error
    if not isinstance(found, dict):
        raise Misconfigured(f"{path} is no JSON object. Fetch it again.")
    return found


def _family(config: Json, processor: Json) -> Family:
    names = (
        config.get("model_type"),
        config.get("architectures"),
        processor.get("image_processor_type"),
        processor.get("feature_extractor_type"),
    )
    for words in map(str, names):
        for family in (Family.SIGLIP, Family.CLIP):
            if family in words.lower():
                return family
    return Family.OTHER


def _image(processor: Json, family: Family) -> ImageInput:
    number = processor.get("resample", 3)
    if number not in _RESAMPLES:
        raise ValueError(f"its resample {number} is neither 2 (bilinear) nor 3 (bicubic)")
    if not processor.get("do_resize", True):
        raise ValueError("its preprocessor_config.json does not resize pictures")
    if processor.get("do_pad"):
        raise ValueError("its preprocessor_config.json pads pictures, which no rule here does")
    given = processor.get("size", 224)
    crops = processor.get("do_center_crop", family is Family.CLIP)
    if isinstance(given, int) and not crops:
        given = {"height": given, "width": given}
    if crops and "height" not in (given if isinstance(given, dict) else {}):
        size = given["shortest_edge"] if isinstance(given, dict) else int(given)
        _same(size, _square(processor.get("crop_size", size)))
        resize = Resize.SHORTEST_EDGE_CROP
    else:
        size, resize = _square(given), Resize.SQUASH
        if crops:
            _same(size, _square(processor.get("crop_size", size)))
    return ImageInput(size, resize, _RESAMPLES[number])


def _square(size: object) -> int:
    if isinstance(size, int):
        return size
    if isinstance(size, dict) and {"height", "width"} <= size.keys():
        if size["height"] != size["width"]:
            raise ValueError(f"its pictures are {size}, and only squares can be made here")
        return int(size["height"])
    raise ValueError(f"the size {size} of its pictures is none of those that are understood")


def _same(size: int, crop: int) -> None:
    if size != crop:
        raise ValueError(
            f"it resizes to {size} and crops to {crop} pixels, and only equal sizes can be made"
        )


def _normalisation(processor: Json, family: Family) -> Normalisation:
    rescales, normalises = processor.get("do_rescale", True), processor.get("do_normalize", True)
    scale = float(processor.get("rescale_factor", 1 / 255)) if rescales else 1.0
    if not normalises:
        return Normalisation(scale, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    return Normalisation(
        scale,
        _three(processor.get("image_mean", _MEANS.get(family)), "image_mean"),
        _three(processor.get("image_std", _STDS.get(family)), "image_std"),
    )


def _three(values: Any, name: str) -> tuple[float, float, float]:
    if not isinstance(values, list | tuple) or len(values) != 3:
        raise ValueError(f"its preprocessor_config.json has no {name} of three numbers")
    red, green, blue = map(float, values)
    return red, green, blue


def _context(config: Json, tokens: Json, family: Family) -> int:
    text = config.get("text_config")
    said = text.get("max_position_embeddings") if isinstance(text, dict) else None
    # Exports leave out what is the family's default, and the tokenizer's own limit is that of the
    # model it was borrowed from.
    length = said or _CONTEXTS.get(family) or tokens.get("model_max_length")
    if not isinstance(length, int) or not 0 < length <= 4096:
        raise ValueError(
            "its files do not say how many tokens a text may have; write it into config.json as "
            "text_config.max_position_embeddings"
        )
    return length
