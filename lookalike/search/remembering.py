"""Query vectors that were made before: a shopper who pages, filters or comes back asks with the
same picture or the same words, and the model need not look again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

import numpy as np

from lookalike.index.protocol import Vector
from lookalike.telemetry import metrics


class Memory(Protocol):
    """Keeps bytes for a while. What it cannot keep or give is forgotten, without an error."""

    def get(self, name: str) -> bytes | None:
        """The bytes under a name, while they are kept."""

    def put(self, name: str, value: bytes) -> None:
        """Keeps bytes under a name."""


class QueryVectors:
    """The vectors of queries of one model, by the digest of what was asked with."""

    def __init__(self, memory: Memory, model: str, dimensions: int) -> None:
        self._memory = memory
        self._model = model
        self._bytes = 4 * dimensions

    def of(self, kind: str, content: bytes, make: Callable[[], Vector]) -> Vector:
        """The vector of this content, made where it is not known. Raises what `make` raises."""
        name = f"{kind}:{self._model}:{hashlib.sha256(content).hexdigest()}"
        known = self._memory.get(name)
        if known is not None and len(known) == self._bytes:
            metrics.QUERY_VECTORS.labels("remembered").inc()
            return np.frombuffer(known, dtype=np.float32)
        vector = make()
        metrics.QUERY_VECTORS.labels("made").inc()
        self._memory.put(name, vector.astype(np.float32).tobytes())
        return vector
