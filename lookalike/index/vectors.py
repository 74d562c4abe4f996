"""Vectors at the door of an index."""

from __future__ import annotations

import numpy as np

from lookalike.index.protocol import Vector, VectorSpace


def checked(vector: Vector, space: VectorSpace) -> Vector:
    """The vector as float32. Raises `ValueError` unless it is one of the space."""
    if vector.shape != (space.dimensions,) or not abs(np.linalg.norm(vector) - 1) < 1e-3:
        raise ValueError(f"A vector must have {space.dimensions} dimensions and unit length.")
    return np.ascontiguousarray(vector, dtype=np.float32)
