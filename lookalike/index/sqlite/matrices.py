"""The matrices that a process holds: each brought up to date before a search, by reading only what
is newer, and the least recently used dropped where they outgrow their memory."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from lookalike.catalog.product import Part
from lookalike.index.protocol import VectorSpace
from lookalike.index.sqlite.connection import Connections
from lookalike.index.sqlite.matrix import Matrix, Rows, Vectors
from lookalike.telemetry import metrics

_BATCH = 4096
"""Vectors read at once."""

_NEWER_ROWS = """
    SELECT group_concat(product) FROM vector WHERE tenant = ? AND part = ? AND change > ?
"""
_NEWER_VECTORS = """
    SELECT max(change), group_concat(product), group_concat(hex(vector), '') FROM (
        SELECT change, product, vector FROM vector
        WHERE tenant = ? AND part = ? AND change > ?
        AND is_active = 1 AND model = ? AND vector IS NOT NULL
        ORDER BY change LIMIT ?
    )
"""


@dataclass(slots=True)
class _Held:
    """A matrix with all changes up to number `seen`. While the file is at `version`, there are no
    newer ones."""

    matrix: Matrix = field(default_factory=Matrix)
    seen: int = 0
    version: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Matrices:
    """One matrix a tenant and part, within `memory_bytes`; the last used one is always kept."""

    def __init__(self, connections: Connections, space: VectorSpace, memory_bytes: int) -> None:
        self._connections = connections
        self._space = space
        self._memory_bytes = memory_bytes
        self._held: OrderedDict[tuple[str, Part], _Held] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """The memory that the matrices take."""
        return sum(held.matrix.nbytes for held in tuple(self._held.values()))

    def fresh(self, tenant: str, part: Part) -> Matrix:
        """A matrix with all that any process had written before this call."""
        with self._lock:
            held = self._held.setdefault((tenant, part), _Held())
            self._held.move_to_end((tenant, part))
        with held.lock:  # one tenant's long load does not hold up the searches of the others
            version = self._connections.version()
            metrics.MATRICES.labels("held" if version == held.version else "read").inc()
            if version != held.version:
                self._refresh(held, tenant, part)
                held.version = version
            matrix = held.matrix
        self._make_room()
        return matrix

    def _refresh(self, held: _Held, tenant: str, part: Part) -> None:
        with self._connections.reading() as connection:
            newest, pruned = connection.execute("SELECT change, pruned FROM state").fetchone()
            if held.seen < pruned:  # tombstones that it never saw are gone
                matrix, seen = Matrix(), 0
            else:
                matrix, seen = held.matrix, held.seen
            if matrix.blocks:
                matrix = matrix.without(_newer_rows(connection, tenant, part, seen))
            for rows, vectors in self._newer_vectors(connection, tenant, part, seen):
                matrix = matrix.plus(rows, vectors)
        held.matrix, held.seen = matrix, newest

    def _newer_vectors(
        self, connection: sqlite3.Connection, tenant: str, part: Part, seen: int
    ) -> Iterator[tuple[Rows, Vectors]]:
        """The vectors to be searched that changed after `seen`, in batches."""
        while True:
            # One step of SQLite a batch: at each step Python's lock is let go and waited for, so
            # that row by row a load takes a hundred times as long while other threads compute.
            last, rows, vectors = connection.execute(
                _NEWER_VECTORS, (tenant, part, seen, self._space.model, _BATCH)
            ).fetchone()
            if last is None:
                return
            floats = np.frombuffer(bytes.fromhex(vectors), dtype=np.float32)
            yield numbers(rows), floats.reshape(-1, self._space.dimensions)
            seen = last

    def _make_room(self) -> None:
        with self._lock:
            while len(self._held) > 1 and self.nbytes > self._memory_bytes:
                self._held.popitem(last=False)


def _newer_rows(connection: sqlite3.Connection, tenant: str, part: Part, seen: int) -> Rows:
    """The products whose vector was written or removed after `seen`."""
    row = connection.execute(_NEWER_ROWS, (tenant, part, seen)).fetchone()
    return numbers(row[0])


def numbers(concatenated: str | None) -> Rows:
    """What SQLite's `group_concat` made of whole numbers; of none it makes NULL."""
    return np.fromstring(concatenated or "", dtype=np.int64, sep=",")
