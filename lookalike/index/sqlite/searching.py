"""The products nearest to a vector: filters by SQL, nearness by the matrix."""

from __future__ import annotations

import json
import sqlite3

import numpy as np

from lookalike.index.documents import category_key, from_document
from lookalike.index.protocol import Hit, Nearest, Neighbours, SearchFilters
from lookalike.index.sqlite.matrices import numbers
from lookalike.index.sqlite.matrix import Found, Matrix, RowSet
from lookalike.index.sqlite.where import Where, of_tenant


def nearest(
    connection: sqlite3.Connection, tenant: str, query: Nearest, matrix: Matrix
) -> Neighbours:
    """Exact neighbours, out of a tenant's matrix for the part that is asked for."""
    if query.without is not None:
        matrix = _without(connection, tenant, query.without, matrix)
    found = matrix.nearest(
        query.vector,
        limit=query.limit,
        at_least=query.at_least,
        allowed=_allowed(connection, tenant, query.filters),
    )
    hits = _hits(connection, tenant, found, query.limit)
    return Neighbours(hits, found.total, exact=True)


def _without(connection: sqlite3.Connection, tenant: str, id: str, matrix: Matrix) -> Matrix:
    row = connection.execute(
        "SELECT row FROM product WHERE tenant = ? AND id = ?", (tenant, id)
    ).fetchone()
    return matrix.without(np.array(row, dtype=np.int64)) if row else matrix


def _allowed(connection: sqlite3.Connection, tenant: str, filters: SearchFilters) -> RowSet | None:
    """The rows that the filters leave; None where there is no filter."""
    if filters == SearchFilters():
        return None
    where = _filtered(tenant, filters)
    (rows,) = connection.execute(
        f"SELECT group_concat(row) FROM product WHERE {where.sql}",  # noqa: S608
        where.values,
    ).fetchone()
    return RowSet(numbers(rows))


def _filtered(tenant: str, filters: SearchFilters) -> Where:
    where = of_tenant(tenant)
    if filters.category:
        run = category_key(filters.category)
        # Up to where the run's last letter would be the next one: so the index finds all it leads.
        beyond = run[:-1] + chr(ord(run[-1]) + 1)
        where.add("category_key >= ? AND category_key < ?", run, beyond)
    if filters.min_price is not None:
        where.add("price >= ?", filters.min_price)
    if filters.max_price is not None:
        where.add("price <= ?", filters.max_price)
    return where


def _hits(connection: sqlite3.Connection, tenant: str, found: Found, limit: int) -> list[Hit]:
    """The best of the found ones as products; one that was deleted since is left out."""
    cosines = dict(zip(found.rows.tolist(), found.cosines.tolist(), strict=True))
    # Ids first: however many are equally near, only the documents that are shown are read.
    ids: dict[int, str] = dict(
        connection.execute(
            "SELECT row, product.id FROM json_each(?) AS found "
            "CROSS JOIN product ON row = found.value WHERE tenant = ? AND is_active = 1",
            (json.dumps(list(cosines)), tenant),
        )
    )
    best = sorted(ids, key=lambda row: (-cosines[row], ids[row]))[:limit]
    documents: dict[int, str] = dict(
        connection.execute(
            "SELECT row, document FROM json_each(?) AS best CROSS JOIN product ON row = best.value",
            (json.dumps(best),),
        )
    )
    return [Hit(from_document(json.loads(documents[row])), cosines[row]) for row in best]
