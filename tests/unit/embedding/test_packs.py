"""Model packs: what is whole is loaded, what is not is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lookalike.embedding.calibration import Pair
from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import Pack, Resize, builtin_pack_folder, load_pack
from lookalike.errors import Misconfigured


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(builtin_pack_folder(), tmp_path / "pack"))


def changed(folder: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    description = json.loads((folder / "pack.json").read_text())
    change(description)
    (folder / "pack.json").write_text(json.dumps(description))
    return folder


def test_the_built_in_pack_is_whole(pack: Pack) -> None:
    assert (pack.name, pack.dimensions, pack.context) == ("mini", 256, 32)
    assert (pack.image.size, pack.image.resize) == (160, Resize.PAD_WHITE)
    assert set(pack.calibrations) == set(Pair)


def test_the_digest_follows_the_files_and_not_the_calibration(pack: Pack, folder: Path) -> None:
    assert load_pack(folder).digest == pack.digest

    def recalibrate(description: dict[str, Any]) -> None:
        description["calibration"]["image_image"]["equal_error"] = 0.9

    assert load_pack(changed(folder, recalibrate)).digest == pack.digest


def test_a_folder_that_is_no_pack_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"no pack\.json"):
        load_pack(tmp_path)


def test_a_description_that_is_no_json_is_named(folder: Path) -> None:
    (folder / "pack.json").write_text("{")
    with pytest.raises(Misconfigured, match="cannot be read"):
        load_pack(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda description: description.pop("dimensions"),
        lambda description: description.update(format=99),
        lambda description: description["image"].update(resize="stretch"),
        lambda description: description["files"].pop("tokenizer.json"),
        lambda description: description["calibration"]["image_image"].update(equal_error=-1),
    ],
)
def test_a_description_that_is_not_as_it_must_be_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    with pytest.raises(Misconfigured, match="not as it must be"):
        load_pack(changed(folder, change))


def test_a_missing_and_a_half_downloaded_file_are_named(folder: Path) -> None:
    model = folder / "onnx" / "text_model.onnx"
    model.write_bytes(model.read_bytes()[:1000])
    with pytest.raises(Misconfigured, match="half-downloaded"):
        load_pack(folder)
    model.unlink()
    with pytest.raises(Misconfigured, match="missing"):
        load_pack(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda description: description.update(dimensions=512), "256 dimensions"),
        (lambda description: description["image"].update(size=224), "describes"),
        (lambda description: description["text"].update(context=77), "describes"),
    ],
)
def test_a_model_that_is_not_what_its_pack_says_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], Any], words: str
) -> None:
    with pytest.raises(Misconfigured, match=words):
        OnnxEmbedder(load_pack(changed(folder, change)), threads=1)
