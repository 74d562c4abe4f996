"""Pixel by pixel as the reference processors of `transformers`, each configured by the same
preprocessor_config.json that a pack is made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from lookalike.embedding import packs
from lookalike.embedding.packing.export import read_export
from lookalike.embedding.packs import Resample, Resize
from lookalike.embedding.preprocess import prepare
from tests.unit.embedding.packing.exports import write_json

SIZES = [(50, 37), (37, 50), (224, 224), (640, 480), (301, 999), (31, 33), (16, 200), (223, 225)]

CLIP: dict[str, Any] = {
    "image_processor_type": "CLIPImageProcessor",
    "do_resize": True,
    "size": {"shortest_edge": 224},
    "resample": 3,
    "do_center_crop": True,
    "crop_size": {"height": 224, "width": 224},
    "do_rescale": True,
    "rescale_factor": 0.00392156862745098,
    "do_normalize": True,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}
SIGLIP: dict[str, Any] = {
    "image_processor_type": "SiglipImageProcessor",
    "do_resize": True,
    "size": {"height": 224, "width": 224},
    "resample": 3,
    "do_rescale": True,
    "rescale_factor": 0.00392156862745098,
    "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}
SIGLIP2 = SIGLIP | {"resample": 2}
OLD_CLIP = CLIP | {"size": 224, "crop_size": 224, "image_processor_type": None}
SILENT_CLIP = {"image_processor_type": "CLIPImageProcessor"}
SILENT_SIGLIP = {"image_processor_type": "SiglipImageProcessor", "size": SIGLIP["size"]}


def picture(width: int, height: int) -> Image.Image:
    """Edges and noise: where two resizes differ, they differ here."""
    numbers = np.random.default_rng(width * 10_000 + height)
    pixels = numbers.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[height // 3 : height // 2] = (250, 10, 60)
    return Image.fromarray(pixels)


def export_with(folder: Path, processor: dict[str, Any], model: str) -> Path:
    for name in packs.FILES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    write_json(folder / packs.PREPROCESSOR, processor)
    write_json(folder / "config.json", {"model_type": model})
    return folder


def reference(processor: dict[str, Any], **changes: object) -> Any:
    kind = SiglipImageProcessorPil if "Siglip" in str(processor) else CLIPImageProcessorPil
    given = {name: value for name, value in processor.items() if name != "image_processor_type"}
    return kind(**(json.loads(json.dumps(given)) | changes))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("processor", "model", "rules"),
    [
        (CLIP, "clip", (Resize.SHORTEST_EDGE_CROP, Resample.BICUBIC)),
        (OLD_CLIP, "clip", (Resize.SHORTEST_EDGE_CROP, Resample.BICUBIC)),
        (SILENT_CLIP, "clip", (Resize.SHORTEST_EDGE_CROP, Resample.BICUBIC)),
        (SIGLIP, "siglip", (Resize.SQUASH, Resample.BICUBIC)),
        (SIGLIP2, "siglip", (Resize.SQUASH, Resample.BILINEAR)),
        (SILENT_SIGLIP, "siglip", (Resize.SQUASH, Resample.BICUBIC)),
    ],
)
def test_the_same_pixels(
    tmp_path: Path,
    processor: dict[str, Any],
    model: str,
    rules: tuple[Resize, Resample],
    size: tuple[int, int],
) -> None:
    export = read_export(export_with(tmp_path, processor, model))
    assert (export.image.resize, export.image.resample) == rules
    theirs: NDArray[np.uint8] = reference(processor, do_rescale=False, do_normalize=False)(
        picture(*size), return_tensors="np"
    )["pixel_values"][0]
    assert np.array_equal(prepare(picture(*size), export.image), theirs.transpose(1, 2, 0))


@pytest.mark.parametrize(
    ("processor", "model"),
    [(CLIP, "clip"), (SILENT_CLIP, "clip"), (SIGLIP, "siglip"), (SILENT_SIGLIP, "siglip")],
)
def test_the_same_numbers_go_into_the_model(
    tmp_path: Path, processor: dict[str, Any], model: str
) -> None:
    export = read_export(export_with(tmp_path, processor, model))
    rules = export.normalisation
    pixels = prepare(picture(300, 200), export.image).astype(np.float64)
    ours = (pixels * rules.scale - rules.mean) / rules.std
    theirs = reference(processor)(picture(300, 200), return_tensors="np")["pixel_values"][0]
    assert ours.transpose(2, 0, 1) == pytest.approx(theirs, abs=1e-5)
