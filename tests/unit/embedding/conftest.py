"""The built-in pack and its embedder, loaded once."""

from __future__ import annotations

import pytest

from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import Pack, builtin_pack_folder, load_pack


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load_pack(builtin_pack_folder())


@pytest.fixture(scope="session")
def embedder(pack: Pack) -> OnnxEmbedder:
    return OnnxEmbedder(pack, threads=1)
