"""What an export's files say, and the sentence where they ask for what cannot be done."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from lookalike.embedding import packs
from lookalike.embedding.packing.export import Family, read_export
from lookalike.errors import Misconfigured
from tests.unit.embedding.packing.exports import write_json
from tests.unit.embedding.packing.test_reference_processors import CLIP, SIGLIP, export_with


def refusal(folder: Path) -> str:
    with pytest.raises(Misconfigured) as refused:
        read_export(folder)
    return refused.value.detail


@pytest.mark.parametrize("name", packs.FILES)
def test_a_missing_file_is_named(clip: Path, tmp_path: Path, name: str) -> None:
    export = Path(shutil.copytree(clip, tmp_path / "export"))
    (export / name).unlink()
    assert f"has no {name}, so it is no export" in refusal(export)


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json"])
def test_half_of_a_file_is_named(clip: Path, tmp_path: Path, name: str) -> None:
    export = Path(shutil.copytree(clip, tmp_path / "export"))
    (export / name).write_text('{"size": ')
    assert f"{export / name} is not JSON" in refusal(export)
    (export / name).write_text("[]")
    assert f"{export / name} is no JSON object" in refusal(export)


@pytest.mark.parametrize(
    ("processor", "words"),
    [
        (CLIP | {"resample": 1}, "resample 1 is neither"),
        (CLIP | {"do_resize": False}, "does not resize"),
        (CLIP | {"do_pad": True}, "pads pictures"),
        (CLIP | {"size": {"shortest_edge": 256}}, "resizes to 256 and crops to 224"),
        (CLIP | {"crop_size": {"height": 224, "width": 112}}, "only squares"),
        (SIGLIP | {"size": {"height": 224, "width": 112}}, "only squares"),
        (SIGLIP | {"size": {"longest_edge": 224}}, "none of those that are understood"),
        (SIGLIP | {"image_mean": [0.5]}, "no image_mean of three numbers"),
        (CLIP | {"size": {"longest_edge": 224}}, "shortest_edge"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, processor: dict[str, Any], words: str) -> None:
    model = "siglip" if "Siglip" in processor["image_processor_type"] else "clip"
    assert words in refusal(export_with(tmp_path, processor, model))


@pytest.mark.parametrize(
    ("config", "tokens", "context"),
    [
        ({"model_type": "clip"}, {}, 77),
        ({"model_type": "siglip"}, {"model_max_length": 512}, 64),
        ({"model_type": "clip", "text_config": {"max_position_embeddings": 40}}, {}, 40),
        ({"architectures": ["MarqoFashionSigLIP"]}, {}, 64),
        ({"model_type": "chinese"}, {"model_max_length": 52}, 52),
    ],
)
def test_how_many_tokens_a_text_has(
    tmp_path: Path, config: dict[str, Any], tokens: dict[str, Any], context: int
) -> None:
    processor = SIGLIP | {"image_processor_type": "ImageProcessor"}
    folder = export_with(tmp_path, processor, "")
    write_json(folder / "config.json", config)
    write_json(folder / "tokenizer_config.json", tokens)
    assert read_export(folder).context == context
    assert read_export(folder, context=12).context == 12


def test_a_length_that_nothing_tells(tmp_path: Path) -> None:
    processor = SIGLIP | {"image_processor_type": "ImageProcessor"}
    folder = export_with(tmp_path, processor, "unheard of")
    write_json(folder / "tokenizer_config.json", {"model_max_length": 10**30})
    assert "how many tokens a text may have" in refusal(folder)


def test_families_are_told_by_any_file(clip: Path, siglip: Path, tmp_path: Path) -> None:
    assert read_export(clip).family is Family.CLIP
    assert read_export(siglip).family is Family.SIGLIP
    export = Path(shutil.copytree(siglip, tmp_path / "export"))
    (export / "config.json").unlink()
    assert read_export(export).family is Family.SIGLIP
