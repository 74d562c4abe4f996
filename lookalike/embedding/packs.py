"""Model packs: a folder in the transformers.js layout, and `pack.json`, which says what the files
themselves do not: how to resize, how to calibrate, and that they are whole.

The graphs of every pack take and give the same: `pixels` uint8 [batch, size, size, 3] RGB, which
the graph normalises itself, and `input_ids` int64 [batch, context] go in; `image_embeds` and
`text_embeds` float32 [batch, dimensions] of unit length come out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from lookalike.embedding.calibration import Calibration, Pair
from lookalike.errors import Misconfigured

DESCRIPTION = "pack.json"
VISION = "onnx/vision_model.onnx"
TEXT = "onnx/text_model.onnx"
TOKENIZER = "tokenizer.json"
PREPROCESSOR = "preprocessor_config.json"
FILES = (VISION, TEXT, TOKENIZER, PREPROCESSOR)
FORMAT = 1

_T = TypeVar("_T")

_KINDS: Mapping[type[object], str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    dict: "an object",
}


class Resize(StrEnum):
    """How a picture is brought to the model's square."""

    PAD_WHITE = "pad_white"
    SHORTEST_EDGE_CROP = "shortest_edge_crop"
    SQUASH = "squash"


class Resample(StrEnum):
    """The filter of the resize: SigLIP 2 was trained with another than CLIP and SigLIP."""

    BICUBIC = "bicubic"
    BILINEAR = "bilinear"


@dataclass(frozen=True, slots=True)
class ImageInput:
    """What the vision graph takes: squares of `size` pixels, and how a picture becomes one."""

    size: int
    resize: Resize
    resample: Resample


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One model. `context`: tokens of a text, the end token included. `files`: the sha256 of each
    file, by its path in `folder`."""

    folder: Path
    name: str
    dimensions: int
    image: ImageInput
    context: int
    calibrations: Mapping[Pair, Calibration]
    licence: str
    source: str
    files: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Names all that a vector of this model depends on, so that vectors of two models are never
        mixed. A new calibration leaves it as it is, for the vectors stay good."""
        parts = (sorted(self.files.items()), asdict(self.image), self.context)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def builtin_pack_folder() -> Path:
    """The pack that is shipped with the package."""
    return Path(__file__).parent / "mini"


def load_pack(folder: Path) -> Pack:
    """Reads `pack.json` and checks every file against its checksum.

    Raises `Misconfigured` saying which file is missing, broken or not as it was.
    """
    description = folder / DESCRIPTION
    try:
        pack = _pack(folder, json.loads(description.read_bytes()))
    except FileNotFoundError as error:
        raise Misconfigured(
            f"{folder} is no model pack, for it has no {DESCRIPTION}. Name the folder of a pack."
        ) from error
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"{description} cannot be used: {error}. Fetch the pack again."
        ) from error
    for name, expected in pack.files.items():
        _check(folder / name, expected)
    return pack


def write_pack(pack: Pack) -> None:
    """Writes the `pack.json` of a pack into its folder."""
    description = {
        "format": FORMAT,
        "name": pack.name,
        "dimensions": pack.dimensions,
        "image": asdict(pack.image),
        "text": {"context": pack.context},
        "calibration": {pair: asdict(each) for pair, each in pack.calibrations.items()},
        "licence": pack.licence,
        "source": pack.source,
        "files": dict(pack.files),
    }
    # A process that starts meanwhile reads the old one or the new one, never half of one.
    unfinished = pack.folder / f".{DESCRIPTION}"
    unfinished.write_text(json.dumps(description, indent=2) + "\n")
    unfinished.replace(pack.folder / DESCRIPTION)


def checksums(folder: Path) -> dict[str, str]:
    """The sha256 of each file of a pack as it is now, for a pack that is being made."""
    return {name: sha256(folder / name) for name in FILES}


def _pack(folder: Path, description: object) -> Pack:
    if (found := _field(description, int, "format")) != FORMAT:
        raise ValueError(f"it is of format {found}, and this version reads format {FORMAT}")
    names = {*FILES, *_field(description, dict, "files")}
    return Pack(
        folder=folder,
        name=_field(description, str, "name"),
        dimensions=_field(description, int, "dimensions"),
        image=ImageInput(
            size=_field(description, int, "image", "size"),
            resize=Resize(_field(description, str, "image", "resize")),
            resample=Resample(_field(description, str, "image", "resample")),
        ),
        context=_field(description, int, "text", "context"),
        calibrations={pair: _calibration(description, pair) for pair in Pair},
        licence=_field(description, str, "licence"),
        source=_field(description, str, "source"),
        files={name: _field(description, str, "files", name) for name in sorted(names)},
    )


def _calibration(description: object, pair: Pair) -> Calibration:
    return Calibration(
        random_median=_field(description, float, "calibration", pair, "random_median"),
        equal_error=_field(description, float, "calibration", pair, "equal_error"),
    )


def _field(description: object, kind: type[_T], *path: str) -> _T:
    value = description
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if kind is float and type(value) is int:
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"its field {'.'.join(path)} is missing or is not {_KINDS[kind]}")
    return value


def _check(path: Path, expected: str) -> None:
    try:
        found = sha256(path)
    except OSError as error:
        raise Misconfigured(
            f"{path} is missing from its model pack, or cannot be read ({error.strerror}). Fetch "
            "the pack again."
        ) from error
    if found != expected:
        raise Misconfigured(
            f"{path} is not the file that its pack names: half-downloaded, or changed. Fetch the "
            "pack again."
        )


def sha256(path: Path) -> str:
    """A file's checksum, as `pack.json` writes it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
