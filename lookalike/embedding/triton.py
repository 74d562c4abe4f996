"""The embedder that asks a Triton server. Pictures leave as bytes, texts as tokens."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import structlog
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2

from lookalike.embedding.packs import Pack
from lookalike.embedding.protocol import Pixels, Vectors
from lookalike.embedding.tokenizing import Tokens
from lookalike.embedding.towers import Tower, image_tower, text_tower, version
from lookalike.embedding.triton_check import WIRE_KINDS, rows_at_once
from lookalike.embedding.triton_wire import QUERY, UNUSABLE, Haste, Pending, Wire
from lookalike.errors import Misconfigured, ModelAway

log = structlog.get_logger(__name__)

IN_FLIGHT = 4
"""Batches of one call that are on their way at the same time: each of the server's two instances
computes one while it receives the next."""


class TritonModel:
    """A pack on a Triton server, for embedders to share. Thread-safe."""

    def __init__(self, pack: Pack, wire: Wire) -> None:
        self.pack = pack
        self.tokens = Tokens(pack)
        self.image = _Served(wire, pack, image_tower(pack))
        self.text = _Served(wire, pack, text_tower(pack))

    def check(self) -> None:
        """Raises `Misconfigured` where the server serves something else than the pack, and
        `ModelAway` where it does not answer."""
        for served in (self.image, self.text):
            served.check(QUERY)


def served_by(addresses: Sequence[str], pack: Pack) -> TritonModel:
    """The pack on the first of these servers that serves it: while a catalogue changes its model
    there are two. One that is away may come later, and is checked then, since much of a service
    needs no model. Raises `Misconfigured` where all are there and none serves the pack."""
    away, refusals = [], []
    for address in addresses:
        model = TritonModel(pack, Wire(address))
        try:
            model.check()
        except ModelAway:
            away.append(model)
        except Misconfigured as error:
            refusals.append(error)
        else:
            return model
    if not away:
        raise refusals[0]
    return away[0]


class TritonEmbedder:
    """Embeds with a model on a Triton server, in the haste of those it is for: two may share one
    model, and the one for queries goes first."""

    def __init__(self, model: TritonModel, haste: Haste) -> None:
        self.pack = model.pack
        self._model, self._haste = model, haste

    def images(self, pixels: Pixels) -> Vectors:
        """One vector a picture. Raises `ModelAway`."""
        return self._model.image.run(pixels, self._haste)

    def check(self) -> None:
        """Asks the server. Raises `ModelAway`."""
        try:
            self._model.check()
        except Misconfigured as error:
            raise ModelAway(error.detail) from error

    def texts(self, texts: Sequence[str]) -> Vectors:
        """One vector a text, cut at the end to the model's length. Raises `ModelAway`."""
        return self._model.text.run(self._model.tokens.ids(texts), self._haste)


class _Served:
    """One tower on the server: rows in, vectors of unit length out."""

    def __init__(self, wire: Wire, pack: Pack, tower: Tower) -> None:
        self._wire, self._pack, self._tower = wire, pack, tower
        self._most: int | None = None

    def check(self, haste: Haste) -> int:
        """The most rows of one request, once the server is known to serve this. Raises
        `Misconfigured` and `ModelAway`."""
        self._most = rows_at_once(self._wire, self._pack, self._tower, haste)
        return self._most

    def run(self, rows: NDArray[np.generic], haste: Haste) -> Vectors:
        """One vector a row; none for none."""
        made = np.empty((len(rows), *self._tower.gives.shape), dtype=np.float32)
        try:
            self._fill(made, rows, haste)
        except ModelAway:
            self._most = None  # what comes back may be another server
            raise
        # Searches take dot products for cosines. NaN has no length either.
        if not np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-3):
            raise self._unusable("vectors that are not of unit length")
        return made

    def _fill(self, made: Vectors, rows: NDArray[np.generic], haste: Haste) -> None:
        under_way: deque[tuple[slice, Pending]] = deque()
        try:
            for start in range(0, len(rows), most := self._most or self._checked(haste)):
                if len(under_way) == IN_FLIGHT:
                    self._take(made, *under_way.popleft())
                part = slice(start, start + most)
                under_way.append((part, self._wire.infer(self._request(rows[part]), haste)))
            while under_way:
                self._take(made, *under_way.popleft())
        finally:
            for _, pending in under_way:
                pending.cancel()

    def _take(self, made: Vectors, part: slice, pending: Pending) -> None:
        try:
            (raw,) = pending.answer().raw_output_contents
            made[part] = np.frombuffer(raw, np.float32).reshape(made[part].shape)
        except ValueError as error:
            raise self._unusable(f"an answer of another shape: {error}") from error

    def _checked(self, haste: Haste) -> int:
        """The check at the first call after the server was away."""
        try:
            return self.check(haste)
        except Misconfigured as error:
            raise self._unusable(error.detail) from error

    def _request(self, rows: NDArray[np.generic]) -> service_pb2.ModelInferRequest:
        takes, gives = self._tower.takes, self._tower.gives
        return service_pb2.ModelInferRequest(
            model_name=self._tower.name,
            model_version=str(version(self._pack)),
            inputs=[
                service_pb2.ModelInferRequest.InferInputTensor(
                    name=takes.name, datatype=WIRE_KINDS[takes.kind], shape=rows.shape
                )
            ],
            outputs=[service_pb2.ModelInferRequest.InferRequestedOutputTensor(name=gives.name)],
            raw_input_contents=[rows.tobytes()],
        )

    def _unusable(self, reason: str) -> ModelAway:
        log.error("model_server_unusable", server=self._wire.address, reason=reason)
        return ModelAway(UNUSABLE)
