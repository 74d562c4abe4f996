"""Model packs: a folder in the transformers.js layout, and `pack.json`, which says what the files
themselves do not: how to resize, how to calibrate, and that they are whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from lookalike.embedding.calibration import Calibration, Pair
from lookalike.errors import Misconfigured

VISION = "onnx/vision_model.onnx"
TEXT = "onnx/text_model.onnx"
TOKENIZER = "tokenizer.json"
PREPROCESSOR = "preprocessor_config.json"
FILES = (VISION, TEXT, TOKENIZER, PREPROCESSOR)
FORMAT = 1


class Resize(StrEnum):
    """How a picture is brought to the model's square."""

    PAD_WHITE = "pad_white"
    SHORTEST_EDGE_CROP = "shortest_edge_crop"
    SQUASH = "squash"


@dataclass(frozen=True, slots=True)
class ImageInput:
    """What the vision graph takes: uint8 [batch, size, size, 3]; it normalises by itself."""

    size: int
    resize: Resize


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One model. `digest` names its files, so vectors of two packs are never mixed; a new
    calibration leaves it as it is, for the vectors stay good."""

    folder: Path
    name: str
    dimensions: int
    image: ImageInput
    context: int
    calibrations: Mapping[Pair, Calibration]
    licence: str
    source: str
    digest: str


def builtin_pack_folder() -> Path:
    """The pack that is shipped with the package."""
    return Path(__file__).parent / "mini"


def load_pack(folder: Path) -> Pack:
    """Reads `pack.json` and checks every file against its checksum.

    Raises `Misconfigured` saying which file is missing, broken or not as it was.
    """
    try:
        described = json.loads((folder / "pack.json").read_bytes())
    except FileNotFoundError as error:
        raise Misconfigured(f"{folder} is no model pack: it has no pack.json.") from error
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{folder / 'pack.json'} cannot be read: {error}.") from error
    try:
        pack = _pack(folder, described)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Misconfigured(f"{folder / 'pack.json'} is not as it must be: {error!r}.") from error
    for name, expected in described["files"].items():
        _check(folder / name, expected)
    return pack


def write_description(folder: Path, description: Mapping[str, Any]) -> None:
    """Writes `pack.json`, with the checksums of the files as they are now."""
    files = {name: _sha256(folder / name) for name in FILES}
    document = {"format": FORMAT, **description, "files": files}
    (folder / "pack.json").write_text(json.dumps(document, indent=2) + "\n")


def _pack(folder: Path, described: Mapping[str, Any]) -> Pack:
    if described["format"] != FORMAT:
        raise ValueError(f"format {described['format']}, this version reads {FORMAT}")
    if missing := set(FILES) - set(described["files"]):
        raise ValueError(f"no checksum of {sorted(missing)[0]}")
    return Pack(
        folder=folder,
        name=str(described["name"]),
        dimensions=int(described["dimensions"]),
        image=ImageInput(int(described["image"]["size"]), Resize(described["image"]["resize"])),
        context=int(described["text"]["context"]),
        calibrations={
            Pair(pair): Calibration(**values) for pair, values in described["calibration"].items()
        },
        licence=str(described["licence"]),
        source=str(described["source"]),
        digest=_digest(described["files"]),
    )


def _digest(files: Mapping[str, str]) -> str:
    lines = "".join(f"{name} {checksum}\n" for name, checksum in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:32]


def _check(path: Path, expected: str) -> None:
    if not path.is_file():
        raise Misconfigured(f"{path} is missing from its model pack. Fetch the pack again.")
    if _sha256(path) != expected:
        raise Misconfigured(
            f"{path} is not the file that its pack names: half-downloaded, or changed. Fetch the "
            "pack again."
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
