"""The vectors of one tenant and part in memory, scanned whole, so that every search is exact.

A matrix never changes: what is newer makes another one, which shares all that stayed the same. So
a search goes on over the matrix it was given while another thread brings in what was written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lookalike.index.protocol import Vector

Rows = NDArray[np.int64]
"""Numbers of products, [n]."""

Vectors = NDArray[np.float32]
"""[n, dimensions], each row of unit length."""

BLOCK_ROWS = 16_384
"""The most rows a block grows to: what a change may have to copy, while a scan stays as fast as
over one array."""

ROUNDING = 1e-6
"""Cosines closer than this are equal: sums of float32 are not more exact."""


class RowSet:
    """A set of rows that a whole block is looked up in at once."""

    def __init__(self, rows: Rows) -> None:
        # The last entry stays false and stands for every row beyond.
        self._table = np.zeros(int(rows.max(initial=-1)) + 2, dtype=np.bool_)
        self._table[rows] = True

    def holds(self, rows: Rows) -> NDArray[np.bool_]:
        """Which of the rows are in the set."""
        found: NDArray[np.bool_] = self._table[np.minimum(rows, len(self._table) - 1)]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some rows with their vectors; `alive` [n] tells those that were not removed since."""

    rows: Rows
    vectors: Vectors
    alive: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """How many rows there are, dead ones included."""
        return len(self.rows)

    @property
    def nbytes(self) -> int:
        """The memory that the block takes."""
        return self.rows.nbytes + self.vectors.nbytes + self.alive.nbytes

    def without(self, gone: RowSet) -> Block:
        """The block with these rows dead; rewritten once a quarter is."""
        dying = self.alive & gone.holds(self.rows)
        if not dying.any():
            return self
        block = Block(self.rows, self.vectors, self.alive & ~dying)
        few_dead = 4 * np.count_nonzero(block.alive) > 3 * block.size
        return block if few_dead else _joined([block])

    def near(
        self, vector: Vector, at_least: float, allowed: RowSet | None
    ) -> tuple[Rows, NDArray[np.float32]]:
        """The living, allowed rows whose cosine reaches `at_least`, and their cosines."""
        wanted = self.alive if allowed is None else self.alive & allowed.holds(self.rows)
        places = np.flatnonzero(wanted)
        if 8 * len(places) < self.size:  # so few that picking them out is cheaper than a scan
            cosines = self.vectors[places] @ vector
        else:
            cosines = (self.vectors @ vector)[places]
        reached = cosines >= at_least
        return self.rows[places[reached]], cosines[reached]


@dataclass(frozen=True, slots=True)
class Found:
    """The rows nearest to a vector, and their cosines; `total` counts all that reached the
    threshold. Rows that are equally near as the last one are all there, so there may be more than
    were asked for; the order is none."""

    rows: Rows
    cosines: NDArray[np.float64]
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Vectors by row. Blocks get smaller towards the end, where new rows are added."""

    blocks: tuple[Block, ...] = ()

    @property
    def nbytes(self) -> int:
        """The memory that the matrix takes."""
        return sum(block.nbytes for block in self.blocks)

    def without(self, rows: Rows) -> Self:
        """The matrix less these rows; rows that it does not have do not matter."""
        gone = RowSet(rows)
        return type(self)(_merged(block.without(gone) for block in self.blocks))

    def plus(self, rows: Rows, vectors: Vectors) -> Self:
        """The matrix and these rows, at most `BLOCK_ROWS`, none of which it has."""
        added = Block(rows, vectors, np.ones(len(rows), dtype=np.bool_))
        return type(self)(_merged([*self.blocks, added]))

    def nearest(
        self, vector: Vector, *, limit: int, at_least: float, allowed: RowSet | None = None
    ) -> Found:
        """The `limit` rows nearest to a vector, among the allowed ones (None: all)."""
        near = [block.near(vector, at_least - ROUNDING, allowed) for block in self.blocks]
        rows = np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in near)])
        cosines = np.concatenate([np.empty(0, np.float32), *(cosines for _, cosines in near)])
        total = len(rows)
        if total > limit:
            last = np.partition(cosines, total - limit)[total - limit]
            kept = cosines >= last - ROUNDING
            rows, cosines = rows[kept], cosines[kept]
        return Found(rows, np.clip(cosines.astype(np.float64).round(6), -1.0, 1.0), total)


def _merged(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Joins neighbours until each block is over twice as large as the next, or full: a row is
    copied but a few times, and a scan goes over but a few blocks."""
    merged: list[Block] = []
    for each in blocks:
        block = each
        while merged and _belong_together(merged[-1], block):
            block = _joined([merged.pop(), block])
        if block.size:
            merged.append(block)
    return tuple(merged)


def _belong_together(first: Block, second: Block) -> bool:
    return first.size <= 2 * second.size and first.size + second.size <= BLOCK_ROWS


def _joined(blocks: list[Block]) -> Block:
    """One block of all that is alive."""
    rows = np.concatenate([block.rows[block.alive] for block in blocks])
    vectors = np.concatenate([block.vectors[block.alive] for block in blocks])
    return Block(rows, vectors, np.ones(len(rows), dtype=np.bool_))
