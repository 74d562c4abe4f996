"""Pages of products, newest first."""

from __future__ import annotations

import json
import sqlite3

from lookalike.catalog.product import EmbeddingStatus, product_id
from lookalike.index.documents import from_document, microseconds
from lookalike.index.protocol import ListFilters, Listing, Page, Position
from lookalike.index.sqlite.where import Where, of_tenant
from lookalike.index.sqlite.words import all_of


def page(connection: sqlite3.Connection, tenant: str, listing: Listing) -> Page:
    """One page. Its rows are chosen within an index, however far one skips; only the documents
    that are shown are read."""
    where = _filtered(tenant, listing.filters)
    (total,) = connection.execute(
        f"SELECT count(*) FROM product WHERE {where.sql}",  # noqa: S608
        where.values,
    ).fetchone()
    if listing.after is not None:
        _go_on(where, listing.after)
    found = connection.execute(
        "SELECT document FROM product WHERE row IN ("  # noqa: S608
        f"SELECT row FROM product WHERE {where.sql} ORDER BY created_us DESC, id LIMIT ? OFFSET ?"
        ") ORDER BY created_us DESC, id",
        (*where.values, listing.limit + 1, listing.skip),
    ).fetchall()
    products = [from_document(json.loads(text)) for (text,) in found[: listing.limit]]
    more = len(found) > listing.limit
    last = Position(products[-1].created_at, products[-1].id) if more else None
    return Page(products, total, last)


def _filtered(tenant: str, filters: ListFilters) -> Where:
    where = of_tenant(tenant)
    if filters.key is not None:
        where.add("id = ?", product_id(tenant, filters.key))
    if filters.external_id is not None:
        where.add("id = ? AND key_generated = 0", product_id(tenant, filters.external_id))
    if filters.sku is not None:
        where.add("sku = ?", filters.sku)
    if filters.brand is not None:
        where.add("instr(brand_folded, ?) > 0", filters.brand)
    if filters.category is not None:
        where.add("instr(category_folded, ?) > 0", filters.category)
    if filters.tokens:
        where.add(
            "row IN (SELECT rowid FROM words WHERE words MATCH ?)",
            all_of(tenant, filters.tokens, ("name", "brand")),
        )
    if filters.status is not None:
        where.add("status = ?", _stored(filters.status).value)
    if filters.is_active is not None:
        where.add("is_active = ?", filters.is_active)
    return where


def _stored(status: EmbeddingStatus) -> EmbeddingStatus:
    """That a worker has a product is not stored: it is pending all the while."""
    return EmbeddingStatus.PENDING if status is EmbeddingStatus.PROCESSING else status


def _go_on(where: Where, after: Position) -> None:
    us = microseconds(after.created_at)
    where.add("created_us <= ? AND (created_us < ? OR id > ?)", us, us, after.id)
