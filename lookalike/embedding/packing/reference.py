"""The untouched export, run as its makers meant it: what adapted graphs are held to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from lookalike.embedding import packs
from lookalike.embedding.packing.export import Export, Family
from lookalike.embedding.packing.graphs import IMAGE_OUTPUTS, TEXT_OUTPUTS
from lookalike.embedding.protocol import Pixels, Vectors
from lookalike.errors import Misconfigured

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}


class Reference:
    """Both towers of an export. One row a call: some exports take no more."""

    def __init__(self, export: Export, tokenizer: Tokenizer, threads: int) -> None:
        self._export, self._tokenizer = export, tokenizer
        self._vision = _Tower(export.folder / packs.VISION, IMAGE_OUTPUTS, threads)
        self._text = _Tower(export.folder / packs.TEXT, TEXT_OUTPUTS, threads)

    def images(self, pixels: Pixels) -> Vectors:
        """One vector a picture, of unit length. Raises `Misconfigured`."""
        rules = self._export.normalisation
        mean, std = (np.array(each, dtype=np.float32) for each in (rules.mean, rules.std))
        scaled = pixels.astype(np.float32) * np.float32(rules.scale)
        rows = ((scaled - mean) / std).transpose(0, 3, 1, 2)
        name = self._vision.inputs[0]
        return _unit([self._vision.run({name: row[None]}) for row in rows])

    def texts(self, texts: Sequence[str]) -> Vectors:
        """One vector a text, of unit length. Raises `Misconfigured`."""
        made = []
        for text in texts:
            encoding = self._tokenizer.encode(text)
            mask = np.array([encoding.attention_mask])
            if self._export.family is Family.SIGLIP:
                mask = np.ones_like(mask)  # SigLIP attends to its padding, too
            given = {"input_ids": np.array([encoding.ids]), "attention_mask": mask}
            made.append(self._text.run({name: given[name] for name in self._text.inputs}))
        return _unit(made)


class _Tower:
    def __init__(self, path: Path, outputs: Sequence[str], threads: int) -> None:
        self._path = path
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise Misconfigured(f"{path} cannot be loaded: {error}. Fetch it again.") from error
        there = [each.name for each in self._session.get_outputs()]
        self._output = next(name for name in outputs if name in there)
        self._types = {
            each.name: _TYPES.get(each.type, np.float32) for each in self._session.get_inputs()
        }
        self.inputs = list(self._types)

    def run(self, given: dict[str, NDArray[np.generic]]) -> NDArray[np.float32]:
        typed = {name: row.astype(self._types[name]) for name, row in given.items()}
        try:
            (vectors,) = self._session.run([self._output], typed)
        except Exception as error:
            raise Misconfigured(
                f"{self._path} cannot be run as its files describe it: {error}. Is it an export of "
                "the model whose configuration stands beside it?"
            ) from error
        row: NDArray[np.float32] = np.asarray(vectors, dtype=np.float32)[0]
        return row


def _unit(rows: Sequence[NDArray[np.float32]]) -> Vectors:
    stacked = np.stack(rows)
    return np.asarray(stacked / np.linalg.norm(stacked, axis=1, keepdims=True), dtype=np.float32)
