"""The embedder that runs a pack in this process, on ONNX Runtime and the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
import structlog
from numpy.typing import NDArray

from lookalike.embedding.packs import Pack
from lookalike.embedding.protocol import Pixels, Vectors
from lookalike.embedding.tokenizing import Tokens
from lookalike.embedding.towers import Tensor, Tower, image_tower, text_tower
from lookalike.errors import Misconfigured, ModelAway

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 32
"""Rows a call of a graph: more are split, so that memory stays bounded. Larger batches are no
faster."""

_KINDS = {"uint8": "tensor(uint8)", "int64": "tensor(int64)", "float32": "tensor(float)"}
"""ONNX Runtime's words for numpy's."""


class OnnxEmbedder:
    """Runs both graphs of a pack. Make it after a fork; share it between threads.

    `threads`: those of one call. Raises `Misconfigured` where a graph or the tokenizer is not what
    the pack describes.
    """

    def __init__(self, pack: Pack, threads: int) -> None:
        self.pack = pack
        self._vision = _Graph(pack, image_tower(pack), threads)
        self._text = _Graph(pack, text_tower(pack), threads)
        self._tokens = Tokens(pack)

    def images(self, pixels: Pixels) -> Vectors:
        """One vector a picture. Raises `ModelAway`."""
        return self._vision.run(pixels)

    def check(self) -> None:
        """It is loaded, so it answers."""

    def texts(self, texts: Sequence[str]) -> Vectors:
        """One vector a text, cut at the end to the model's length. Raises `ModelAway`."""
        return self._text.run(self._tokens.ids(texts))


class _Graph:
    """One tower of a model: rows in, vectors of unit length out."""

    def __init__(self, pack: Pack, tower: Tower, threads: int) -> None:
        self._path, self._takes, self._gives = pack.folder / tower.file, tower.takes, tower.gives
        self._session = _session(self._path, threads)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        fits = len(inputs) == 1 and _is_like(self._takes, inputs[0])
        if not fits or not any(_is_like(self._gives, each) for each in outputs):
            raise Misconfigured(
                f"{self._path} takes {_found(inputs)} and gives {_found(outputs)}, but by its "
                f"pack.json it must take {_wanted(self._takes)} and give {_wanted(self._gives)}. "
                "Correct pack.json, or make the pack again."
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


def _is_like(wanted: Tensor, found: ort.NodeArg) -> bool:
    """Whether a graph's input or output is this. A length that the graph leaves open fits any; the
    batch must be."""
    lengths = ("batch", *wanted.shape)
    kind = _KINDS[wanted.kind]
    if (found.name, found.type, len(found.shape)) != (wanted.name, kind, len(lengths)):
        return False
    pairs = zip(found.shape, lengths, strict=True)
    return all(have == want or not isinstance(have, int) for have, want in pairs)


def _wanted(tensor: Tensor) -> str:
    return _words(tensor.name, _KINDS[tensor.kind], ("batch", *tensor.shape))


def _found(nodes: Sequence[ort.NodeArg]) -> str:
    return " and ".join(_words(each.name, each.type, each.shape) for each in nodes)


def _words(name: str, kind: str, shape: Sequence[str | int]) -> str:
    return f"{name} {kind} [{', '.join(map(str, shape))}]"
