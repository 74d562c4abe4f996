"""The embedder that runs a pack in this process, on ONNX Runtime and the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
import structlog
from numpy.typing import NDArray
from tokenizers import Tokenizer

from lookalike.embedding import packs
from lookalike.embedding.packs import Pack
from lookalike.embedding.protocol import Pixels, Vectors
from lookalike.errors import Misconfigured, ModelAway

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 32
"""Rows a call of a graph: more are split, so that memory stays bounded. Larger batches are no
faster."""


class OnnxEmbedder:
    """Runs both graphs of a pack. Make it after a fork; share it between threads.

    `threads`: those of one call. Raises `Misconfigured` where a graph or the tokenizer is not what
    the pack describes.
    """

    def __init__(self, pack: Pack, threads: int) -> None:
        self.pack = pack
        size = pack.image.size
        self._vision = _Graph(
            pack.folder / packs.VISION,
            takes=_Tensor("pixels", "tensor(uint8)", (size, size, 3)),
            gives=_Tensor("image_embeds", "tensor(float)", (pack.dimensions,)),
            threads=threads,
        )
        self._text = _Graph(
            pack.folder / packs.TEXT,
            takes=_Tensor("input_ids", "tensor(int64)", (pack.context,)),
            gives=_Tensor("text_embeds", "tensor(float)", (pack.dimensions,)),
            threads=threads,
        )
        self._tokenizer = _tokenizer(pack)

    def images(self, pixels: Pixels) -> Vectors:
        """One vector a picture. Raises `ModelAway`."""
        return self._vision.run(pixels)

    def texts(self, texts: Sequence[str]) -> Vectors:
        """One vector a text, cut at the end to the model's length. Raises `ModelAway`."""
        # One by one: a batch would start a pool of threads that the settings do not bound.
        ids = [self._tokenizer.encode(text).ids for text in texts]
        return self._text.run(np.array(ids, dtype=np.int64).reshape(-1, self.pack.context))


@dataclass(frozen=True, slots=True)
class _Tensor:
    """An input or output of a graph, in ONNX Runtime's words; the batch stands before `shape`."""

    name: str
    kind: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return _words(self.name, self.kind, ["batch", *self.shape])


class _Graph:
    """One tower of a model: rows in, vectors of unit length out."""

    def __init__(self, path: Path, *, takes: _Tensor, gives: _Tensor, threads: int) -> None:
        self._takes, self._gives = takes, gives
        self._session = _session(path, threads)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or not any(_fits(each, gives) for each in outputs) or ...:
            pass
