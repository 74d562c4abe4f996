"""The embedder that runs a pack in the process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.errors import ModelAway

PIXELS = np.random.default_rng(1).integers(0, 255, (40, 160, 160, 3), dtype=np.uint8)


def test_vectors_have_the_pack_s_width_and_unit_length(embedder: OnnxEmbedder) -> None:
    for vectors in (embedder.images(PIXELS[:3]), embedder.texts(["red mug", "", "молоко 牛乳"])):
        assert (vectors.shape, vectors.dtype) == ((3, 256), np.float32)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_batch_is_the_same_as_one_by_one(embedder: OnnxEmbedder) -> None:
    together = embedder.images(PIXELS)
    alone = np.concatenate([embedder.images(each[None]) for each in PIXELS])
    assert (together * alone).sum(axis=1).min() > 0.9999


def test_nothing_is_no_vectors(embedder: OnnxEmbedder) -> None:
    assert embedder.images(PIXELS[:0]).shape == (0, 256)
    assert embedder.texts([]).shape == (0, 256)


def test_a_long_text_is_cut_at_its_end(embedder: OnnxEmbedder) -> None:
    start = "red mug " * 40
    one, other = embedder.texts([start + "alpha", start + "omega"])
    assert (one == other).all()


def test_words_matter(embedder: OnnxEmbedder) -> None:
    dress, frock, hammer = embedder.texts(["a red dress", "red dress", "green grapes"])
    assert dress @ frock > dress @ hammer


def test_threads_do_not_disturb_each_other(embedder: OnnxEmbedder) -> None:
    alone = embedder.images(PIXELS[:8])
    with ThreadPoolExecutor(8) as pool:
        for vectors in pool.map(lambda _: embedder.images(PIXELS[:8]), range(16)):
            assert (vectors * alone).sum(axis=1).min() > 0.9999


def test_a_call_that_the_model_cannot_run_is_its_fault(embedder: OnnxEmbedder) -> None:
    with pytest.raises(ModelAway):
        embedder.images(PIXELS[:, :80])
