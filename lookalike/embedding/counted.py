"""An embedder whose calls are counted and timed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lookalike.embedding.protocol import Embedder, Pixels, Vectors
from lookalike.errors import ModelAway
from lookalike.telemetry import metrics


class CountedEmbedder:
    """Another embedder, counted. `use`: what it is used for, products or queries."""

    def __init__(self, embedder: Embedder, use: str) -> None:
        self.pack = embedder.pack
        self._embedder, self._use = embedder, use

    def images(self, pixels: Pixels) -> Vectors:
        """One vector a picture. Raises `ModelAway`."""
        with self._counted("image", len(pixels)):
            return self._embedder.images(pixels)

    def check(self) -> None:
        """Returns when the model can answer. Raises `ModelAway`."""
        self._embedder.check()

    def texts(self, texts: Sequence[str]) -> Vectors:
        """One vector a text. Raises `ModelAway`."""
        with self._counted("text", len(texts)):
            return self._embedder.texts(texts)

    @contextmanager
    def _counted(self, tower: str, rows: int) -> Iterator[None]:
        """A call, unless it is one of nothing."""
        if not rows:
            yield
            return
        started = time.perf_counter()
        try:
            yield
        except ModelAway:
            metrics.MODEL_ERRORS.labels(tower, self._use).inc()
            raise
        metrics.MODEL_SECONDS.labels(tower, self._use).observe(time.perf_counter() - started)
        metrics.MODEL_ROWS.labels(tower, self._use).observe(rows)
