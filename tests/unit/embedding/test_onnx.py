"""The built-in model on ONNX Runtime: vectors that can be trusted, and packs that cannot."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lookalike.embedding import packs
from lookalike.embedding.onnx import MOST_AT_ONCE, OnnxEmbedder
from lookalike.embedding.packs import ImageInput, Pack, Resample, Resize
from lookalike.embedding.protocol import Pixels, Vectors
from lookalike.errors import Misconfigured, ModelAway


@pytest.fixture(scope="module")
def pack() -> Pack:
    return packs.load_pack(packs.builtin_pack_folder())


@pytest.fixture(scope="module")
def embedder(pack: Pack) -> OnnxEmbedder:
    return OnnxEmbedder(pack, threads=2)


def pictures(count: int) -> Pixels:
    """Coarse patches of colour, each picture another."""
    numbers = np.random.default_rng(seed=1)
    coarse = numbers.integers(0, 256, (count, 5, 5, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(each).resize((160, 160))) for each in coarse])


def titles(count: int) -> list[str]:
    return [f"Blue mug {number}" for number in range(count)]


def nearness(one: Vectors, other: Vectors) -> float:
    """The least cosine of any row with its counterpart."""
    return float(np.sum(one * other, axis=1).min())


def test_vectors_are_of_unit_length(embedder: OnnxEmbedder) -> None:
    for vectors in (embedder.images(pictures(3)), embedder.texts(titles(3))):
        assert vectors.shape == (3, 256)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


def test_nothing_gives_no_vectors(embedder: OnnxEmbedder) -> None:
    assert embedder.images(pictures(1)[:0]).shape == (0, 256)
    assert embedder.texts([]).shape == (0, 256)


def test_more_than_one_batch_gives_what_one_by_one_gives(embedder: OnnxEmbedder) -> None:
    many, texts = pictures(MOST_AT_ONCE + 3), titles(MOST_AT_ONCE + 3)
    singly = np.concatenate([embedder.images(each[None]) for each in many])
    assert nearness(embedder.images(many), singly) > 0.9999
    singly = np.concatenate([embedder.texts([each]) for each in texts])
    assert nearness(embedder.texts(texts), singly) > 0.9999


def test_the_same_again_gives_the_same(embedder: OnnxEmbedder, pack: Pack) -> None:
    other = OnnxEmbedder(pack, threads=2)
    assert np.array_equal(embedder.images(pictures(4)), other.images(pictures(4)))
    assert np.array_equal(embedder.texts(titles(4)), other.texts(titles(4)))


def test_eight_threads_get_what_one_gets(embedder: OnnxEmbedder) -> None:
    def embed(turn: int) -> tuple[Vectors, Vectors]:
        return embedder.images(many[turn : turn + 2]), embedder.texts(texts[turn : turn + 2])

    many, texts = pictures(25), titles(25)
    alone = [embed(turn) for turn in range(24)]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(embed, range(24)))
    for (images, words), (same_images, same_words) in zip(alone, together, strict=True):
        assert nearness(images, same_images) > 0.9999
        assert nearness(words, same_words) > 0.9999


def test_different_things_get_different_vectors(embedder: OnnxEmbedder) -> None:
    for vectors in (embedder.images(pictures(2)), embedder.texts(["red shoe", "office chair"])):
        assert vectors[0] @ vectors[1] < 0.95


def test_a_text_is_cut_at_its_end(embedder: OnnxEmbedder) -> None:
    long = "brown leather shoe " * 20
    plain, longer, other = embedder.texts([long, f"{long} lamp", f"lamp {long}"])
    assert np.array_equal(plain, longer)
    assert plain @ other < 0.9999


def test_any_text_has_a_vector(embedder: OnnxEmbedder) -> None:
    texts = ["", " \n", "牛乳パック", "🧦", "молоко", "\x00", "e\u0301", "a" * 65_536]
    assert embedder.texts(texts).shape == (len(texts), 256)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dimensions": 512}, "image_embeds tensor(float) [batch, 512]"),
        ({"image": ImageInput(224, Resize.SQUASH, Resample.BICUBIC)}, "[batch, 224, 224, 3]"),
        ({"context": 77}, "input_ids tensor(int64) [batch, 77]"),
    ],
)
def test_graphs_other_than_described_are_refused(
    pack: Pack, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(Misconfigured) as refused:
        OnnxEmbedder(replace(pack, **changes), threads=1)
    assert words in refused.value.detail


def test_graphs_in_each_other_s_place_are_refused(pack: Pack, tmp_path: Path) -> None:
    folder = copied(pack, tmp_path)
    shutil.copy(pack.folder / packs.TEXT, folder / packs.VISION)
    with pytest.raises(Misconfigured, match="must take pixels"):
        OnnxEmbedder(replace(pack, folder=folder), threads=1)


@pytest.mark.parametrize("name", [packs.VISION, packs.TEXT, packs.TOKENIZER])
def test_a_file_that_cannot_be_loaded_is_named(pack: Pack, tmp_path: Path, name: str) -> None:
    folder = copied(pack, tmp_path)
    (folder / name).write_text("{}")
    with pytest.raises(Misconfigured) as refused:
        OnnxEmbedder(replace(pack, folder=folder), threads=1)
    assert f"{folder / name} cannot be loaded" in refused.value.detail


def copied(pack: Pack, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pack.folder, tmp_path / "pack"))


def test_a_model_that_cannot_run_is_away_and_its_words_stay_inside(embedder: OnnxEmbedder) -> None:
    too_small = np.zeros((1, 80, 80, 3), dtype=np.uint8)
    with pytest.raises(ModelAway) as away:
        embedder.images(too_small)
    assert "ONNXRuntime" in str(away.value.__cause__)
    assert "ONNXRuntime" not in away.value.detail
