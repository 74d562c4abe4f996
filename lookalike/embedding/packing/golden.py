"""Golden vectors: pictures and texts with the vectors that the untouched export gave them. A pack
carries its own, so that it can be checked again wherever it runs."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lookalike.embedding.packing.weights import Weights
from lookalike.embedding.protocol import Embedder, Pixels, Vectors
from lookalike.errors import Misconfigured

GOLDEN = "golden.npz"
"""It is not among the files of `pack.json`: its last digits depend on the machine that made it, and
the pack's digest must not."""

LEAST_COSINE = 0.999
LEAST_OVERLAP = 0.80
FIRST = 10


@dataclass(frozen=True, slots=True)
class Golden:
    """What went in and what came out, and how the pack keeps its weights."""

    pixels: Pixels
    texts: tuple[str, ...]
    image_vectors: Vectors
    text_vectors: Vectors
    weights: Weights


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a pack's vectors were found to be. `cosines`: the least of a picture and of a text.
    `overlaps`: for packs in 8 bits, how many of the first ten stay, searched by picture and by
    text."""

    images: float
    texts: float
    by_picture: float | None = None
    by_text: float | None = None

    @property
    def good(self) -> bool:
        """Whether the pack may be used."""
        if self.by_picture is not None and self.by_text is not None:
            return min(self.by_picture, self.by_text) >= LEAST_OVERLAP
        return min(self.images, self.texts) >= LEAST_COSINE

    def __str__(self) -> str:
        cosines = f"cosines of at least {self.images:.5f} (pictures) and {self.texts:.5f} (texts)"
        if self.by_picture is None:
            return f"{cosines} to the untouched model, where {LEAST_COSINE} is asked"
        return (
            f"judged in 8 bits by the first {FIRST}: {self.by_picture:.0%} of them stay searching "
            f"by picture and {self.by_text:.0%} by text, where {LEAST_OVERLAP:.0%} is asked; "
            f"{cosines}"
        )


def judge(golden: Golden, embedder: Embedder) -> Verdict:
    """Compares what an embedder gives with the golden vectors. Raises `ModelAway`."""
    images, texts = embedder.images(golden.pixels), embedder.texts(golden.texts)
    cosines = (
        _least_cosine(images, golden.image_vectors),
        _least_cosine(texts, golden.text_vectors),
    )
    if golden.weights is not Weights.INT8:
        return Verdict(*cosines)
    return Verdict(
        *cosines,
        by_picture=_overlap(
            images @ images.T, golden.image_vectors @ golden.image_vectors.T, itself=True
        ),
        by_text=_overlap(texts @ images.T, golden.text_vectors @ golden.image_vectors.T),
    )


def write_golden(golden: Golden, folder: Path) -> None:
    """Writes them into a pack's folder."""
    np.savez_compressed(
        folder / GOLDEN,
        pixels=golden.pixels,
        texts=np.array(golden.texts, dtype=np.str_),
        image_vectors=golden.image_vectors,
        text_vectors=golden.text_vectors,
        weights=np.array(golden.weights.value),
    )


def read_golden(folder: Path) -> Golden:
    """Those of a pack's folder. Raises `Misconfigured`."""
    path = folder / GOLDEN
    try:
        # Opened here: numpy leaves a file that is no archive open.
        with path.open("rb") as opened, np.load(opened) as file:
            return Golden(
                pixels=file["pixels"],
                texts=tuple(map(str, file["texts"])),
                image_vectors=file["image_vectors"],
                text_vectors=file["text_vectors"],
                weights=Weights(str(file["weights"])),
            )
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise Misconfigured(f"{path} cannot be used: {error}. Fetch the pack again.") from error


def _least_cosine(found: Vectors, expected: Vectors) -> float:
    return float(np.sum(found * expected, axis=1).min())


def _overlap(found: Vectors, expected: Vectors, *, itself: bool = False) -> float:
    """The mean share of a row's first ten by `expected` that are among its first ten by `found`;
    `itself`: a picture is not its own answer."""
    shares = [
        len(_first(one, row if itself else None) & _first(other, row if itself else None)) / FIRST
        for row, (one, other) in enumerate(zip(found, expected, strict=True))
    ]
    return float(np.mean(shares))


def _first(cosines: Vectors, but: int | None) -> set[int]:
    ranked: Sequence[int] = np.argsort(-cosines, kind="stable").tolist()
    return set([place for place in ranked if place != but][:FIRST])
