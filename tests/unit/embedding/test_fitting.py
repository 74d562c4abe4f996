"""Fitting calibrations from a manifest, on the drawn catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lookalike.demo.sample import draw_sample
from lookalike.embedding.calibration import Pair
from lookalike.embedding.fitting import fit_calibrations, read_manifest
from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import Pack
from lookalike.embedding.pictures import PictureReader


class NoInternet:
    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        raise AssertionError("nothing is fetched")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    lines = [
        {
            "product_id": row.product_id,
            "title": row.title,
            "category": (row.category or "").split(" > "),
            "image": str(row.image),
        }
        for row in draw_sample(folder)
    ]
    manifest = folder / "products.jsonl"
    manifest.write_text("\n".join(map(json.dumps, lines)))
    return manifest


def test_each_kind_of_pair_is_calibrated(
    manifest: Path, embedder: OnnxEmbedder, pack: Pack
) -> None:
    reader = PictureReader(NoInternet(), pack, 50)
    fitted = fit_calibrations(embedder, reader, [manifest])
    assert set(fitted) == set(Pair)
    front, turned, other = (
        reader.from_bytes(row.picture.read_bytes())
        for row in (read_manifest(manifest)[at] for at in (0, 1, 100))
    )
    vectors = embedder.images(np.stack([front, turned, other]))
    looks = fitted[Pair.IMAGE_IMAGE]
    assert looks.score(vectors[0] @ vectors[1]) > 0.7 > looks.score(vectors[0] @ vectors[2])


def test_a_manifest_without_pairs_cannot_be_fitted(
    tmp_path: Path, manifest: Path, embedder: OnnxEmbedder, pack: Pack
) -> None:
    one = tmp_path / "products.jsonl"
    line = json.loads(manifest.read_text().splitlines()[0])
    one.write_text(json.dumps(line))
    with pytest.raises(ValueError, match="pairs"):
        fit_calibrations(embedder, PictureReader(NoInternet(), pack, 50), [one])
