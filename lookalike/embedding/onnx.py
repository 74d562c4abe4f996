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
    """An input or output that a graph must have, in ONNX Runtime's words for types; the batch
    stands before `shape`."""

    name: str
    kind: str
    shape: tuple[int, ...]

    def is_like(self, found: ort.NodeArg) -> bool:
        """Whether this is it. A length that the graph leaves open fits any; the batch must be."""
        wanted = ("batch", *self.shape)
        if (found.name, found.type, len(found.shape)) != (self.name, self.kind, len(wanted)):
            return False
        lengths = zip(found.shape, wanted, strict=True)
        return all(have == want or not isinstance(have, int) for have, want in lengths)

    def __str__(self) -> str:
        return _words(self.name, self.kind, ("batch", *self.shape))


class _Graph:
    """One tower of a model: rows in, vectors of unit length out."""

    def __init__(self, path: Path, *, takes: _Tensor, gives: _Tensor, threads: int) -> None:
        self._path, self._takes, self._gives = path, takes, gives
        self._session = _session(path, threads)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or not takes.is_like(inputs[0]) or not any(map(gives.is_like, outputs)):
            raise Misconfigured(
                f"{path} takes {_found(inputs)} and gives {_found(outputs)}, but by its pack.json "
                f"it must take {takes} and give {gives}. Correct pack.json, or make the pack again."
            )

    def run(self, rows: NDArray[np.generic]) -> Vectors:
        """One vector a row; none for none."""
        made = np.empty((len(rows), *self._gives.shape), dtype=np.float32)
        for start in range(0, len(rows), MOST_AT_ONCE):
            batch = slice(start, start + MOST_AT_ONCE)
            made[batch] = self._run(rows[batch])
        # Searches take dot products for cosines. NaN has no length either.
        if not np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-3):
            raise self._away("vectors that are not of unit length")
        return made

    def _run(self, rows: NDArray[np.generic]) -> Vectors:
        try:
            vectors: Vectors
            (vectors,) = self._session.run([self._gives.name], {self._takes.name: rows})
        except Exception as error:
            raise self._away(str(error)) from error
        return vectors

    def _away(self, reason: str) -> ModelAway:
        """ONNX Runtime's own words go to the log only: the sentence may reach a shopper."""
        log.error("model_failed", graph=str(self._path), reason=reason)
        return ModelAway("The model cannot be used at the moment. The server's log says why.")


def _session(path: Path, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # The same cores decode pictures and answer requests, and threads that spin while they wait take
    # three times the CPU time. An arena holds the memory of its largest batch (60 MB) and is no
    # faster.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Misconfigured(f"{path} cannot be loaded: {error}. Make the pack again.") from error


def _tokenizer(pack: Pack) -> Tokenizer:
    path = pack.folder / packs.TOKENIZER
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise Misconfigured(f"{path} cannot be loaded: {error}. Make the pack again.") from error
    tokenizer.enable_truncation(pack.context)
    tokenizer.enable_padding(**((tokenizer.padding or {}) | {"length": pack.context}))
    return tokenizer


def _found(nodes: Sequence[ort.NodeArg]) -> str:
    return " and ".join(_words(each.name, each.type, each.shape) for each in nodes)


def _words(name: str, kind: str, shape: Sequence[str | int]) -> str:
    return f"{name} {kind} [{', '.join(map(str, shape))}]"
