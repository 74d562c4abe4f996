"""The built-in model on photographs of real shops. They are no part of the repository: where they
are absent these tests are skipped, and fail in CI."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from lookalike.embedding.fitting import fit_calibrations, read_manifest
from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import builtin_pack_folder, load_pack
from lookalike.embedding.pictures import PictureReader
from lookalike.embedding.preprocess import prepare
from lookalike.pixels.decode import decode

SHOPS = Path(__file__).parents[3].parent / "shared" / "data" / "shops"
CALIBRATED_ON = ("spree", "vendure", "dotnet_eshop", "tailwind")
"""Not bagisto: the model has never seen it, so the tests on it stay honest."""


class Offline:
    """A `PictureSource` that is not asked: manifests lie beside their pictures."""

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        raise AssertionError(f"{url} was fetched")


@pytest.fixture(scope="module")
def embedder() -> OnnxEmbedder:
    return OnnxEmbedder(load_pack(builtin_pack_folder()), threads=2)


@pytest.fixture(scope="module")
def pictures(embedder: OnnxEmbedder) -> PictureReader:
    return PictureReader(Offline(), embedder.pack, max_megapixels=50)


def manifest_of(shop: str) -> Path:
    manifest = SHOPS / shop / "products.jsonl"
    if not manifest.is_file():
        missing = f"the photographs of {manifest.parent} are not there"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return manifest


def test_the_shipped_calibration_is_what_the_shops_give(
    embedder: OnnxEmbedder, pictures: PictureReader
) -> None:
    manifests = [manifest_of(shop) for shop in CALIBRATED_ON]
    for pair, fitted in fit_calibrations(embedder, pictures, manifests).items():
        shipped = embedder.pack.calibrations[pair]
        assert shipped.random_median == pytest.approx(fitted.random_median, abs=0.005)
        assert shipped.equal_error == pytest.approx(fitted.equal_error, abs=0.005)


def test_a_shop_never_seen_is_found_as_the_model_s_readme_says(
    embedder: OnnxEmbedder, pictures: PictureReader
) -> None:
    manifest = manifest_of("bagisto")
    rows = read_manifest(manifest)
    lines = [json.loads(line) for line in manifest.read_bytes().splitlines()]
    is_query = np.array([line["split"] == "query" for line in lines])
    products = np.array([row.product for row in rows])
    vectors = embedder.images(
        np.stack([pictures.from_bytes(row.picture.read_bytes()) for row in rows])
    )
    ranked = np.argsort(-vectors[is_query] @ vectors[~is_query].T, axis=1)
    right = products[~is_query][ranked] == products[is_query][:, None]
    assert right[:, 0].mean() > 0.58
    assert right[:, :10].any(axis=1).mean() > 0.88


def test_a_jpeg_decoded_smaller_gives_the_same_vector(
    embedder: OnnxEmbedder, pictures: PictureReader
) -> None:
    files = [row.picture.read_bytes() for row in read_manifest(manifest_of("spree"))]
    whole = [decode(file, max_pixels=50_000_000) for file in files]
    drafted = np.stack([pictures.from_bytes(file) for file in files])
    at_length = np.stack([prepare(image, embedder.pack.image) for image in whole])
    assert not np.array_equal(drafted, at_length)
    cosines = np.sum(embedder.images(drafted) * embedder.images(at_length), axis=1)
    assert cosines.min() > 0.999
