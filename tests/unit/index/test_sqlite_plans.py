"""That lists and searches read their way through indexes, never through the products."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from lookalike.catalog.product import EmbeddingStatus, Part
from lookalike.index.protocol import ListFilters, Listing, Nearest, Position, SearchFilters
from lookalike.index.sqlite.connection import Connections
from lookalike.index.sqlite.listing import page
from lookalike.index.sqlite.matrix import Matrix
from lookalike.index.sqlite.searching import nearest
from tests.unit.index.harness import TENANT, axis, open_index, product, put

FIRST = product("K0")
MATRIX = Matrix().plus(np.array([1, 2]), np.stack([axis(0), axis(0)]))


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_index(path)) as index, closing(Connections(path)) as connections:
        put(index, [f"K{number}" for number in range(50)])
        with connections.reading() as borrowed:
            yield borrowed


def plans(connection: sqlite3.Connection, ask: Callable[[], object]) -> list[str]:
    """How SQLite goes about each statement that `ask` makes it run."""
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    ask()
    connection.set_trace_callback(None)
    return [
        step
        for statement in statements
        for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]


@pytest.mark.parametrize(
    "filters",
    [
        ListFilters(),
        ListFilters(key="K1"),
        ListFilters(sku="S"),
        ListFilters(brand="a", category="b"),
        ListFilters(status=EmbeddingStatus.FAILED),
        ListFilters(is_active=True, status=EmbeddingStatus.PENDING),
    ],
)
@pytest.mark.parametrize("after", [None, Position(FIRST.created_at, FIRST.id)])
def test_a_list_reads_only_the_products_that_it_shows(
    connection: sqlite3.Connection, filters: ListFilters, after: Position | None
) -> None:
    listing = Listing(limit=5, skip=3, after=after, filters=filters)
    steps = plans(connection, lambda: page(connection, TENANT, listing))
    reading = [step for step in steps if step.startswith(("SEARCH product", "SCAN product"))]
    through = ("COVERING INDEX", "INTEGER PRIMARY KEY", "(tenant=? AND id=?)", "(tenant=? AND sku=")
    assert reading
    assert all(any(way in step for way in through) for step in reading), reading


@pytest.mark.parametrize(
    "filters",
    [
        SearchFilters(),
        SearchFilters(category=("a",)),
        SearchFilters(min_price=1, max_price=2),
        SearchFilters(category=("a",), max_price=2),
    ],
)
def test_a_search_reads_only_the_products_that_it_finds(
    connection: sqlite3.Connection, filters: SearchFilters
) -> None:
    query = Nearest(part=Part.IMAGE, vector=axis(0), limit=5, filters=filters, without=FIRST.id)
    steps = plans(connection, lambda: nearest(connection, TENANT, query, MATRIX))
    reading = [step for step in steps if step.startswith(("SEARCH product", "SCAN product"))]
    assert reading
    assert all("COVERING INDEX" in s or "INTEGER PRIMARY KEY" in s for s in reading), reading
