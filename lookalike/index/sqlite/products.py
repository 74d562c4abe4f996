"""The embedded `ProductIndex`: one file, for any number of processes and threads of one machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lookalike.catalog.product import EmbeddingStatus, Part
from lookalike.index.documents import from_document
from lookalike.index.protocol import (
    Counts,
    Listing,
    Nearest,
    Neighbours,
    Page,
    Revision,
    Stored,
    Vector,
    VectorSpace,
    Write,
)
from lookalike.index.sqlite import searching, writing
from lookalike.index.sqlite.connection import Connections
from lookalike.index.sqlite.listing import page
from lookalike.index.sqlite.matrices import Matrices
from lookalike.index.sqlite.schema import prepare


class SqliteProductIndex:
    """Products in a SQLite file. Thread-safe; make one in each process, after forks.

    A search scans all of a tenant's vectors, so it is exact; a process holds those that it
    searches, in about `memory_bytes` at most. Raises `Misconfigured` where the file is not ours.
    """

    def __init__(self, path: Path, space: VectorSpace, memory_bytes: int) -> None:
        prepare(path)
        self._space = space
        self._connections = Connections(path)
        self._matrices = Matrices(self._connections, space, memory_bytes)

    def get(self, tenant: str, ids: Sequence[str]) -> dict[str, Stored]:
        """The products with these ids, by id; unknown ones are left out."""
        with self._connections.reading() as connection:
            found = connection.execute(
                "SELECT product.id, change, document FROM json_each(?) AS wanted "
                "CROSS JOIN product ON product.id = wanted.value WHERE tenant = ?",
                (json.dumps(list(ids)), tenant),
            ).fetchall()
        return {
            id: Stored(from_document(json.loads(text)), Revision(str(change)))
            for id, change, text in found
        }

    def write(self, tenant: str, writes: Sequence[Write]) -> list[bool]:
        """Writes each product whose `read` still stands, all of them in one transaction."""
        drafts = [writing.draft(tenant, each, self._space) for each in writes]
        if not drafts:
            return []
        with self._connections.writing() as connection:
            return writing.write(connection, tenant, drafts, self._space.model)

    def delete(self, tenant: str, ids: Sequence[str]) -> set[str]:
        """Removes these products and their vectors for good; gives the ids that were there."""
        with self._connections.writing() as connection:
            return writing.delete(connection, tenant, ids)

    def page(self, tenant: str, listing: Listing) -> Page:
        """One page of the tenant's products, active or not."""
        with self._connections.reading() as connection:
            return page(connection, tenant, listing)

    def vector(self, tenant: str, id: str, part: Part) -> Vector | None:
        """The vector of one part for the serving model, or None."""
        with self._connections.reading() as connection:
            found = connection.execute(
                "SELECT vector FROM product JOIN vector ON vector.product = product.row "
                "WHERE product.tenant = ? AND id = ? AND part = ? AND model = ? "
                "AND vector IS NOT NULL",
                (tenant, id, part.value, self._space.model),
            ).fetchone()
        return np.frombuffer(found[0], dtype=np.float32) if found else None

    def nearest(self, tenant: str, query: Nearest) -> Neighbours:
        """The active products nearest to a vector, exactly."""
        writing.checked(query.vector, self._space)
        matrix = self._matrices.fresh(tenant, query.part)
        with self._connections.reading() as connection:
            return searching.nearest(connection, tenant, query, matrix)

    def owed(self, after: tuple[str, str] | None, limit: int) -> list[tuple[str, str]]:
        """Up to `limit` (tenant, id) of active products that owe a part, beyond `after`."""
        with self._connections.reading() as connection:
            return connection.execute(
                "SELECT tenant, id FROM product WHERE is_active = 1 AND status = 'pending' "
                "AND (tenant, id) > (?, ?) ORDER BY tenant, id LIMIT ?",
                (*(after or ("", "")), limit),
            ).fetchall()

    def counts(self, tenant: str) -> Counts:
        """How many active products there are, and how far they are."""
        with self._connections.reading() as connection:
            by_status = dict(
                connection.execute(
                    "SELECT status, count(*) FROM product "
                    "WHERE tenant = ? AND is_active = 1 GROUP BY status",
                    (tenant,),
                )
            )
        return Counts(
            accepted=sum(by_status.values()),
            completed=by_status.get(EmbeddingStatus.COMPLETED, 0),
            failed=by_status.get(EmbeddingStatus.FAILED, 0),
            owed=by_status.get(EmbeddingStatus.PENDING, 0),
        )

    def close(self) -> None:
        """Closes the file."""
        self._connections.close()
