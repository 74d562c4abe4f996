"""The embedder that runs a pack in this process, on ONNX Runtime and the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from lookalike.embedding import packs
from lookalike.embedding.packs import Pack
from lookalike.embedding.protocol import Pixels, Vectors
from lookalike.errors import Misconfigured, ModelAway

MOST_AT_ONCE = 32
"""Rows a call of the graph: more are split, so that memory stays bounded."""


class OnnxEmbedder:
    """Runs both graphs of a pack. Make it after a fork; share it between threads.

    Raises `Misconfigured` where the graphs are not those that the pack describes.
    """

    def __init__(self, pack: Pack, threads: int) -> None:
        self.pack = pack
        self._vision = _session(pack, packs.VISION, threads)
        self._text = _session(pack, packs.TEXT, threads)
        self._tokenizer = _tokenizer(pack)
        size = pack.image.size
        _check_input(self._vision, "tensor(uint8)", [size, size, 3])
        _check_input(self._text, "tensor(int64)", [pack.context])
        for session in (self._vision, self._text):
            _check_width(session, pack)

    def images(self, pixels: Pixels) -> Vectors:
        """One vector a picture. Raises `ModelAway`."""
        return self._run(self._vision, pixels)

    def texts(self, texts: Sequence[str]) -> Vectors:
        """One vector a text, cut at the end to the model's length. Raises `ModelAway`."""
        encoded = self._tokenizer.encode_batch(list(texts))
        ids = np.array([each.ids for each in encoded], dtype=np.int64)
        return self._run(self._text, ids.reshape(len(encoded), self.pack.context))

    def _run(self, session: ort.InferenceSession, rows: NDArray[Any]) -> Vectors:
        made = np.empty((len(rows), self.pack.dimensions), dtype=np.float32)
        name = session.get_inputs()[0].name
        for start in range(0, len(rows), MOST_AT_ONCE):
            batch = slice(start, start + MOST_AT_ONCE)
            try:
                made[batch] = session.run(None, {name: rows[batch]})[0]
            except Exception as error:
                raise ModelAway(f"The model could not run: {error}.") from error
        if not np.isfinite(made).all():
            raise ModelAway("The model gave vectors that are not numbers.")
        return made


def _session(pack: Pack, file: str, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads must not spin: the same cores decode pictures and answer requests.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(
            str(pack.folder / file), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise Misconfigured(f"{pack.folder / file} cannot be loaded: {error}.") from error


def _tokenizer(pack: Pack) -> Tokenizer:
    path = pack.folder / packs.TOKENIZER
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise Misconfigured(f"{path} cannot be loaded: {error}.") from error
    tokenizer.enable_truncation(pack.context)
    padding = tokenizer.padding or {}
    tokenizer.enable_padding(
        length=pack.context,
        pad_id=padding.get("pad_id", 0),
        pad_token=padding.get("pad_token", "<pad>"),
    )
    return tokenizer


def _check_input(session: ort.InferenceSession, kind: str, shape: list[int]) -> None:
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != kind or inputs[0].shape[1:] != shape:
        found = [(each.name, each.type, each.shape) for each in inputs]
        raise Misconfigured(
            f"The model takes {found}, but its pack.json describes {kind} [batch, {shape}]."
        )


def _check_width(session: ort.InferenceSession, pack: Pack) -> None:
    width = session.get_outputs()[0].shape[-1]
    if width != pack.dimensions:
        raise Misconfigured(
            f"The model gives vectors of {width} dimensions, but its pack.json says "
            f"{pack.dimensions}."
        )
