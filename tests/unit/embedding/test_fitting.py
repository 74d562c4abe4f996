"""Calibrations are fitted from manifests, with a model whose vectors are known beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lookalike.embedding.calibration import Calibration, Pair
from lookalike.embedding.fitting import MOST_ROWS, fit_calibrations
from lookalike.embedding.packs import ImageInput, Pack, Resample, Resize
from lookalike.embedding.pictures import PictureReader
from lookalike.embedding.protocol import Pixels, Vectors
from lookalike.errors import Misconfigured

COLORS = ("red", "lime", "blue")
"""A model sees how much of each is in a picture or a text, and nothing else."""

PACK = Pack(
    folder=Path("of no model"),
    name="three colours",
    dimensions=3,
    image=ImageInput(8, Resize.PAD_WHITE, Resample.BICUBIC),
    context=8,
    calibrations={},
    licence="none",
    source="a test",
    files={},
)


class Colors:
    """An embedder whose cosines are 1 for the same colour and 0 for others."""

    pack = PACK

    def __init__(self) -> None:
        self.seen = 0

    def images(self, pixels: Pixels) -> Vectors:
        self.seen += len(pixels)
        return unit(pixels.mean(axis=(1, 2)))

    def texts(self, texts: Sequence[str]) -> Vectors:
        counts = [[text.count(color) for color in COLORS] for text in texts]
        return unit(np.array(counts, dtype=np.float32).reshape(-1, 3))


class Offline:
    """A `PictureSource` that is not asked: manifests lie beside their pictures."""

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        raise AssertionError(f"{url} was fetched")


def unit(rows: NDArray[np.floating]) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def fitted(*manifests: Path, embedder: Colors | None = None) -> dict[Pair, Calibration]:
    pictures = PictureReader(Offline(), PACK, max_megapixels=1)
    return fit_calibrations(embedder or Colors(), pictures, manifests)


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[..., Path]:
    """Writes a manifest of rows (product_id, colour)."""

    def write(*rows: tuple[str, str], name: str = "products.jsonl") -> Path:
        for color in COLORS:
            Image.new("RGB", (8, 8), color).save(tmp_path / f"{color}.png")
        lines = [
            json.dumps({"product_id": id, "title": f"{color} mug", "image": f"{color}.png"})
            for id, color in rows
        ]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return tmp_path / name

    return write


def test_each_kind_of_pair_gets_a_calibration(manifest: Callable[..., Path]) -> None:
    path = manifest(*[(color, color) for color in COLORS for _ in range(2)])
    for calibration in (found := fitted(path)).values():
        assert calibration.random_median == pytest.approx(0)
        assert calibration.equal_error == pytest.approx(0.5)
    assert set(found) == set(Pair)


def test_a_picture_is_not_paired_with_itself(manifest: Callable[..., Path]) -> None:
    path = manifest(("a", "red"), ("a", "lime"), ("b", "blue"), ("b", "blue"))
    # Pairs of the same product have cosines 0, 0, 1 and 1: with those of a picture and itself the
    # errors would be equal half-way.
    assert fitted(path)[Pair.IMAGE_IMAGE].equal_error != pytest.approx(0.5)


def test_one_id_in_two_manifests_names_two_products(manifest: Callable[..., Path]) -> None:
    one = manifest(("1", "red"), ("1", "red"))
    other = manifest(("1", "blue"), ("1", "blue"), name="others.jsonl")
    assert fitted(one, other)[Pair.IMAGE_IMAGE] == Calibration(0.0, 0.5)


def test_the_enriched_text_holds_what_the_row_tells(
    manifest: Callable[..., Path], tmp_path: Path
) -> None:
    path = manifest()
    rows = [
        {"product_id": color, "title": color, "image": f"{color}.png", "category": ["lime", "lime"]}
        for color in COLORS
        for _ in range(2)
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    # Red's and blue's own texts are two parts lime, so their titles are 1/√5 near to them, and the
    # title 'lime' is twice as near to both: the errors cross at the former.
    assert fitted(path)[Pair.TEXT_TEXT].equal_error == pytest.approx(5**-0.5)


def test_a_large_manifest_is_sampled(manifest: Callable[..., Path]) -> None:
    path = manifest(*[(str(n // 2), COLORS[n // 2 % 3]) for n in range(MOST_ROWS + 500)])
    embedder = Colors()
    fitted(path, embedder=embedder)
    assert embedder.seen == MOST_ROWS


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"title": "Mug", "image": "red.png"}', '{"product_id": "1", "title": "Mug"}'],
)
def test_a_line_that_cannot_be_used_is_named(manifest: Callable[..., Path], line: str) -> None:
    path = manifest(("1", "red"))
    path.write_text(path.read_text() + line)
    with pytest.raises(Misconfigured, match="line 2 cannot be used"):
        fitted(path)


def test_a_picture_that_cannot_be_used_is_named(manifest: Callable[..., Path]) -> None:
    path = manifest(("1", "red"), ("1", "red"))
    (path.parent / "red.png").write_text("no picture")
    with pytest.raises(Misconfigured, match=r"red\.png cannot be used: This "):
        fitted(path)
    (path.parent / "red.png").unlink()
    with pytest.raises(Misconfigured, match=r"red\.png cannot be used"):
        fitted(path)


@pytest.mark.parametrize("rows", [[], [("1", "red"), ("1", "red")], [("1", "red"), ("2", "lime")]])
def test_manifests_without_both_kinds_of_pairs_are_refused(
    manifest: Callable[..., Path], rows: list[tuple[str, str]]
) -> None:
    with pytest.raises(Misconfigured, match="cannot calibrate a model"):
        fitted(manifest(*rows))
