"""What an embedder does, whatever runs the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lookalike.embedding.packs import Pack

Pixels = NDArray[np.uint8]
"""Pictures as the model takes them: [batch, height, width, 3], RGB, 0 to 255."""

Vectors = NDArray[np.float32]
"""[batch, dimensions], each row of unit length."""


class Embedder(Protocol):
    """Turns pictures and texts into vectors of one space. Safe to use from several threads.

    Raises `ModelAway` when the model cannot answer.
    """

    pack: Pack

    def images(self, pixels: Pixels) -> Vectors:
        """One vector a picture."""

    def check(self) -> None:
        """Returns when the model can answer. Raises `ModelAway`."""

    def texts(self, texts: Sequence[str]) -> Vectors:
        """One vector a text, cut at the end to the model's length."""
