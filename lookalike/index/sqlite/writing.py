"""Writing products: all of a chunk in one transaction and a handful of statements.

Each statement lets go of Python's lock and waits for it, while every other writer waits for this
one; so there are as few as possible, and all else is done before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lookalike.catalog.product import Part
from lookalike.index.documents import compact_json, matchable, to_document
from lookalike.index.protocol import Revision, VectorSpace, Write
from lookalike.index.vectors import checked

TOMBSTONES_KEPT = 10_000
"""A process that has not looked for more removals than this reads its matrices anew."""

SqlValue = str | int | float | bytes | None

_BATCH = 50
"""Rows an INSERT: its values stay below the 999 that an old SQLite allows."""

_PRODUCT = (
    "row, tenant, id, change, is_active, status, created_us, key_generated, sku, brand_folded, "
    "category_folded, category_key, price, document, fingerprint, checked_us"
)
_WORDS = "rowid, tenant, name, brand, category"
_TERM = "product, tenant, term"
_VECTOR = "product, part, tenant, is_active, change, model, vector"


@dataclass(frozen=True, slots=True)
class Draft:
    """A write as the tables take it, but for its numbers. `facts` are the columns of a product
    from `is_active` on, `words` the tokens of name, brand and category, `terms` those of its
    metadata; `vectors` holds bytes by part, None for a removal."""

    id: str
    read: Revision | None
    is_active: bool
    facts: tuple[SqlValue, ...]
    words: tuple[str, str, str]
    terms: tuple[str, ...]
    vectors: dict[Part, bytes | None]


def draft(tenant: str, write: Write, space: VectorSpace) -> Draft:
    """Makes a write ready. Raises `ValueError` for what no caller may ask: another tenant's
    product, or a vector that is not of the space."""
    product = write.product
    if product.tenant != tenant:
        raise ValueError(f"The product is {product.tenant}'s, not {tenant}'s.")
    match = matchable(product)
    return Draft(
        id=product.id,
        read=write.read,
        is_active=product.is_active,
        facts=(
            product.is_active,
            match.status.value,
            match.created_us,
            product.key_generated,
            product.facts.sku,
            match.brand_folded,
            match.category_folded,
            match.category_key,
            product.facts.price,
            compact_json(to_document(product)),
            match.fingerprint,
            match.checked_us,
        ),
        words=(match.name_tokens, match.brand_tokens, match.category_tokens),
        terms=match.metadata_terms,
        vectors={
            part: None if vector is None else checked(vector, space).tobytes()
            for part, vector in write.vectors.items()
        },
    )


def write(
    connection: sqlite3.Connection, tenant: str, drafts: Sequence[Draft], model: str
) -> list[bool]:
    """Writes the drafts whose revision still stands, and tells which those were."""
    known = _known(connection, tenant, [each.id for each in drafts])
    change, newest_row = connection.execute("SELECT change, row FROM state").fetchone()
    stands = [_revision(known.get(each.id)) == each.read for each in drafts]
    products: list[tuple[SqlValue, ...]] = []
    vectors: list[tuple[SqlValue, ...]] = []
    words: list[tuple[SqlValue, ...]] = []
    terms: list[tuple[SqlValue, ...]] = []
    for each in (each for each, stood in zip(drafts, stands, strict=True) if stood):
        change += 1
        newest_row += each.id not in known
        row = known[each.id][0] if each.id in known else newest_row
        products.append((row, tenant, each.id, change, *each.facts))
        words.append((row, tenant, *each.words))
        terms += ((row, tenant, term) for term in each.terms)
        vectors += (
            (row, part.value, tenant, each.is_active, change, model, vector)
            for part, vector in each.vectors.items()
        )
    _upsert(connection, "product", _PRODUCT, "row", products)
    _upsert(connection, "vector", _VECTOR, "product, part", vectors)
    written = json.dumps([row[0] for row in products])
    _follow_activity(connection, written)
    _unlearn(connection, written)
    _insert(connection, "words", _WORDS, words)
    _insert(connection, "metadata_term", _TERM, terms)
    connection.execute("UPDATE state SET change = ?, row = ?", (change, newest_row))
    return stands


def delete(connection: sqlite3.Connection, tenant: str, ids: Iterable[str]) -> set[str]:
    """Removes products, leaving a tombstone for each vector; gives the ids that were there."""
    known = _known(connection, tenant, ids)
    rows = json.dumps([row for row, _ in known.values()])
    connection.execute("UPDATE state SET change = change + 1")
    connection.execute(
        "UPDATE vector SET vector = NULL, change = (SELECT change FROM state) "
        "WHERE product IN (SELECT value FROM json_each(?))",
        (rows,),
    )
    connection.execute("DELETE FROM product WHERE row IN (SELECT value FROM json_each(?))", (rows,))
    _unlearn(connection, rows)
    _prune(connection)
    return set(known)


def _known(
    connection: sqlite3.Connection, tenant: str, ids: Iterable[str]
) -> dict[str, tuple[int, int]]:
    """The row and the last change of each product that is there, by id."""
    (found,) = connection.execute(
        "SELECT json_group_array(json_array(product.id, row, change)) "
        "FROM json_each(?) AS wanted CROSS JOIN product ON product.id = wanted.value "
        "WHERE tenant = ?",
        (json.dumps(list(ids)), tenant),
    ).fetchone()
    return {id: (row, change) for id, row, change in json.loads(found)}


def _revision(known: tuple[int, int] | None) -> Revision | None:
    return Revision(str(known[1])) if known else None


def _upsert(
    connection: sqlite3.Connection,
    table: str,
    columns: str,
    key: str,
    rows: Sequence[tuple[SqlValue, ...]],
) -> None:
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns.split(", "))
    _insert(connection, table, columns, rows, f"ON CONFLICT ({key}) DO UPDATE SET {updates}")


def _insert(
    connection: sqlite3.Connection,
    table: str,
    columns: str,
    rows: Sequence[tuple[SqlValue, ...]],
    on_conflict: str = "",
) -> None:
    marks = f"({', '.join('?' * len(columns.split(', ')))})"
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        connection.execute(
            f"INSERT INTO {table} ({columns}) VALUES {', '.join([marks] * len(batch))} "  # noqa: S608
            f"{on_conflict}",
            [value for row in batch for value in row],
        )


def _unlearn(connection: sqlite3.Connection, rows: str) -> None:
    """Forgets by what words and metadata these products (row numbers as JSON) were found."""
    for table, column in (("words", "rowid"), ("metadata_term", "product")):
        connection.execute(
            f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))",  # noqa: S608
            (rows,),
        )


def _follow_activity(connection: sqlite3.Connection, rows: str) -> None:
    """Vectors go out of the matrices, or back in, with their product's `is_active`."""
    connection.execute(
        """
        UPDATE vector SET
            is_active = 1 - is_active,
            change = (SELECT change FROM product WHERE row = vector.product)
        WHERE product IN (SELECT value FROM json_each(?))
        AND is_active <> (SELECT is_active FROM product WHERE row = vector.product)
        """,
        (rows,),
    )


def _prune(connection: sqlite3.Connection) -> None:
    """Forgets all but the newest tombstones."""
    oldest_kept = connection.execute(
        "SELECT change FROM vector WHERE vector IS NULL ORDER BY change DESC LIMIT 1 OFFSET ?",
        (TOMBSTONES_KEPT,),
    ).fetchone()
    if oldest_kept:
        connection.execute("DELETE FROM vector WHERE vector IS NULL AND change <= ?", oldest_kept)
        connection.execute("UPDATE state SET pruned = ?", oldest_kept)
