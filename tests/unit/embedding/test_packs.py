"""A pack is whole or refused, in a sentence that says which file or field; its digest names all
that its vectors depend on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lookalike.embedding.calibration import Calibration, Pair
from lookalike.embedding.packs import (
    FILES,
    ImageInput,
    Pack,
    Resample,
    Resize,
    builtin_pack_folder,
    checksums,
    load_pack,
    write_pack,
)
from lookalike.errors import Misconfigured


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """A whole pack, of files that hold no model."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"the bytes of {name}")
    made = Pack(
        folder=tmp_path,
        name="small",
        dimensions=8,
        image=ImageInput(32, Resize.SQUASH, Resample.BILINEAR),
        context=16,
        calibrations=dict.fromkeys(Pair, Calibration(0.1, 0.5)),
        licence="MIT",
        source="a test",
        files=checksums(tmp_path),
    )
    write_pack(made)
    return made


def refusal(folder: Path) -> str:
    with pytest.raises(Misconfigured) as refused:
        load_pack(folder)
    return refused.value.detail


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "pack.json"
    description = json.loads(path.read_text())
    edit(description)
    path.write_text(json.dumps(description))


def test_the_built_in_pack_is_whole() -> None:
    pack = load_pack(builtin_pack_folder())
    assert (pack.name, pack.dimensions, pack.context) == ("mini", 256, 32)
    assert pack.image == ImageInput(160, Resize.PAD_WHITE, Resample.BICUBIC)
    assert set(pack.calibrations) == set(Pair)


def test_a_pack_that_is_written_reads_the_same(pack: Pack) -> None:
    assert load_pack(pack.folder) == pack


def test_a_folder_without_a_pack(tmp_path: Path) -> None:
    assert "has no pack.json" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b'{"format": 1,', b"\xff\xfe", b"[]", b"null"])
def test_a_description_that_is_no_description(pack: Pack, content: bytes) -> None:
    (pack.folder / "pack.json").write_bytes(content)
    assert f"{pack.folder / 'pack.json'} cannot be used: " in refusal(pack.folder)


@pytest.mark.parametrize(
    "path",
    [
        "format",
        "name",
        "dimensions",
        "image",
        "image.size",
        "image.resize",
        "image.resample",
        "text.context",
        "calibration",
        "calibration.text_image",
        "calibration.image_image.equal_error",
        "licence",
        "source",
        "files",
    ],
)
def test_a_field_that_is_missing_is_named(pack: Pack, path: str) -> None:
    def remove(description: dict[str, Any]) -> None:
        *above, last = path.split(".")
        for name in above:
            description = description[name]
        del description[last]

    change(pack.folder, remove)
    assert f"its field {path}" in refusal(pack.folder)


@pytest.mark.parametrize("value", ["256", 256.5, True, None, [256]])
def test_a_field_of_another_type_is_named(pack: Pack, value: object) -> None:
    change(pack.folder, lambda description: description.update(dimensions=value))
    assert "its field dimensions is missing or is not a whole number" in refusal(pack.folder)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda given: given.update(format=2), "format 2"),
        (lambda given: given["image"].update(resize="stretch"), "'stretch'"),
        (lambda given: given["image"].update(resample="nearest"), "'nearest'"),
        (lambda given: given["calibration"]["text_text"].update(equal_error=0), "equal_error"),
        (lambda given: given["files"].pop("tokenizer.json"), "files.tokenizer.json"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(
    pack: Pack, edit: Callable[[dict[str, Any]], object], words: str
) -> None:
    change(pack.folder, edit)
    assert words in refusal(pack.folder)


def test_a_whole_number_may_stand_for_a_calibrated_cosine(pack: Pack) -> None:
    change(pack.folder, lambda given: given["calibration"]["text_text"].update(random_median=0))
    assert load_pack(pack.folder).calibrations[Pair.TEXT_TEXT] == Calibration(0.0, 0.5)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_is_named(pack: Pack, name: str) -> None:
    (pack.folder / name).unlink()
    assert f"{pack.folder / name} is missing" in refusal(pack.folder)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_half_downloaded_is_named(pack: Pack, name: str) -> None:
    whole = (pack.folder / name).read_bytes()
    (pack.folder / name).write_bytes(whole[: len(whole) // 2])
    assert f"{pack.folder / name} is not the file" in refusal(pack.folder)


def test_a_file_that_only_this_pack_has_is_checked_too(pack: Pack) -> None:
    change(pack.folder, lambda given: given["files"].update({"onnx/weights.bin": "0" * 64}))
    assert "weights.bin is missing" in refusal(pack.folder)


def test_a_new_calibration_leaves_the_digest(pack: Pack) -> None:
    anew = replace(pack, calibrations=dict.fromkeys(Pair, Calibration(0.2, 0.6)), licence="BSD")
    write_pack(anew)
    assert load_pack(pack.folder).digest == pack.digest


@pytest.mark.parametrize(
    "changes",
    [
        {"files": dict.fromkeys(FILES, "0" * 64)},
        {"image": ImageInput(32, Resize.PAD_WHITE, Resample.BILINEAR)},
        {"image": ImageInput(32, Resize.SQUASH, Resample.BICUBIC)},
        {"context": 8},
    ],
)
def test_whatever_changes_a_vector_changes_the_digest(pack: Pack, changes: dict[str, Any]) -> None:
    assert replace(pack, **changes).digest != pack.digest
