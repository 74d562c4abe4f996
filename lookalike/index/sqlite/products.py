"""The embedded `ProductIndex`: one file, for any number of processes and threads of one machine."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from pathlib import Path

import numpy as np

from lookalike.catalog.product import EmbeddingStatus, Part
from lookalike.index.documents import from_document, microseconds, stamp
from lookalike.index.editions import Outdated
from lookalike.index.protocol import (
    ByWords,
    Candidates,
    Counts,
    Fingerprint,
    Listing,
    Nearest,
    Neighbours,
    Page,
    Revision,
    Stamp,
    Stored,
    Vector,
    VectorSpace,
    Write,
)
from lookalike.index.sqlite import searching, words, writing
from lookalike.index.sqlite.connection import Connections
from lookalike.index.sqlite.listing import page
from lookalike.index.sqlite.matrices import Matrices
from lookalike.index.sqlite.schema import prepare
from lookalike.index.sqlite.where import everywhere, of_tenant
from lookalike.index.vectors import checked

_DELETED_AT_ONCE = 1000


class SqliteProductIndex:
    """Products in a SQLite file. Thread-safe; make one in each process, after forks.

    A search scans all of a tenant's vectors, so it is exact; a process holds those that it
    searches, in about `memory_bytes` at most. Raises `Misconfigured` where the file is not ours.
    """

    def __init__(self, path: Path, space: VectorSpace, memory_bytes: int, epoch: int = 0) -> None:
        prepare(path)
        self._space = space
        self._epoch = epoch
        self._connections = Connections(path)
        self._matrices = Matrices(self._connections, space, memory_bytes)

    def in_epoch(self, epoch: int) -> SqliteProductIndex:
        """The same index, with the same connections and matrices, writing in another epoch."""
        twin = copy(self)
        twin._epoch = epoch
        return twin

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

    def fingerprints(self, tenant: str, ids: Sequence[str]) -> dict[str, Fingerprint]:
        """The fingerprints of the products with these ids, by id."""
        with self._connections.reading() as connection:
            found = connection.execute(
                "SELECT product.id, fingerprint, status, is_active FROM json_each(?) AS wanted "
                "CROSS JOIN product INDEXED BY product_fingerprint "
                "ON product.id = wanted.value WHERE tenant = ?",
                (json.dumps(list(ids)), tenant),
            ).fetchall()
        return {
            id: Fingerprint(digest, EmbeddingStatus(status), bool(is_active))
            for id, digest, status, is_active in found
        }

    def write(self, tenant: str, writes: Sequence[Write]) -> list[bool]:
        """Writes each product whose `read` still stands, all of them in one transaction."""
        drafts = [writing.draft(tenant, each, self._space) for each in writes]
        if not drafts:
            return []
        with self._writing() as connection:
            return writing.write(connection, tenant, drafts, self._space.model)

    def delete(self, tenant: str, ids: Sequence[str]) -> set[str]:
        """Removes these products and their vectors for good; gives the ids that were there."""
        with self._writing() as connection:
            return writing.delete(connection, tenant, ids)

    def delete_tenant(self, tenant: str) -> None:
        """Removes all products of the tenant, some at a time so that others can write."""
        while True:
            with self._writing() as connection:
                ids = connection.execute(
                    "SELECT id FROM product WHERE tenant = ? LIMIT ?", (tenant, _DELETED_AT_ONCE)
                ).fetchall()
                writing.delete(connection, tenant, [id for (id,) in ids])
            if len(ids) < _DELETED_AT_ONCE:
                return

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
        checked(query.vector, self._space)
        matrix = self._matrices.fresh(tenant, query.part)
        with self._connections.reading() as connection:
            return searching.nearest(connection, tenant, query, matrix)

    def by_words(self, tenant: str, query: ByWords) -> Candidates:
        """The active products that match words, exactly."""
        checked(query.vector, self._space)
        texts = self._matrices.fresh(tenant, Part.TEXT)
        images = self._matrices.fresh(tenant, Part.IMAGE)
        with self._connections.reading() as connection:
            return words.by_words(connection, tenant, query, texts, images)

    def owed(self, after: tuple[str, str] | None, limit: int) -> list[tuple[str, str]]:
        """Up to `limit` (tenant, id) of active products that owe a part, beyond `after`."""
        with self._connections.reading() as connection:
            return connection.execute(
                "SELECT tenant, id FROM product WHERE is_active = 1 AND status = 'pending' "
                "AND (tenant, id) > (?, ?) ORDER BY tenant, id LIMIT ?",
                (*(after or ("", "")), limit),
            ).fetchall()

    def unchecked(self, before: datetime, limit: int) -> list[tuple[str, str]]:
        """Active products whose picture was last looked at before that time, longest ago first."""
        with self._connections.reading() as connection:
            return connection.execute(
                "SELECT tenant, id FROM product WHERE is_active = 1 AND checked_us < ? "
                "ORDER BY checked_us, tenant, id LIMIT ?",
                (microseconds(before), limit),
            ).fetchall()

    def stamps(self, after: tuple[str, str] | None, limit: int) -> list[Stamp]:
        """Up to `limit` stamps of all products of all tenants, in their order, beyond `after`."""
        with self._connections.reading() as connection:
            found = connection.execute(
                "SELECT tenant, id, document FROM product WHERE (tenant, id) > (?, ?) "
                "ORDER BY tenant, id LIMIT ?",
                (*(after or ("", "")), limit),
            ).fetchall()
        return [Stamp(tenant, id, stamp(json.loads(text))) for tenant, id, text in found]

    def counts(self, tenant: str | None) -> Counts:
        """How many products there are, and how far the active ones are."""
        where = of_tenant(tenant) if tenant else everywhere()
        with self._connections.reading() as connection:
            found = connection.execute(
                "SELECT is_active, status, count(*) FROM product "  # noqa: S608
                f"WHERE {where.sql} GROUP BY is_active, status",
                where.values,
            ).fetchall()
        by_status = {status: count for is_active, status, count in found if is_active}
        return Counts(
            stored=sum(count for _, _, count in found),
            accepted=sum(by_status.values()),
            completed=by_status.get(EmbeddingStatus.COMPLETED, 0),
            failed=by_status.get(EmbeddingStatus.FAILED, 0),
            owed=by_status.get(EmbeddingStatus.PENDING, 0),
        )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction in our epoch. Raises `Outdated`."""
        with self._connections.writing() as connection:
            (epoch,) = connection.execute("SELECT epoch FROM state").fetchone()
            if epoch != self._epoch:
                raise Outdated("The catalogue's editions changed. Send the request again.")
            yield connection

    def refresh(self) -> None:
        """Nothing to wait for: what is written is seen at once."""

    def close(self) -> None:
        """Closes the file."""
        self._connections.close()
