"""The matrices of a process: fresh, no larger than allowed, and read no more than is needed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.catalog.product import Part, Product
from lookalike.index.protocol import Nearest, ProductIndex, Vector, Write
from lookalike.index.sqlite.connection import Connections
from lookalike.index.sqlite.matrices import Matrices
from lookalike.index.sqlite.matrix import Matrix
from lookalike.index.sqlite.writing import TOMBSTONES_KEPT
from tests.unit.index.harness import SPACE, TENANT, TENANTS, axis, open_index, product, put

EVERYTHING = Nearest(part=Part.IMAGE, vector=axis(0), limit=1000)


@pytest.fixture
def index(path: Path) -> Iterator[ProductIndex]:
    opened = open_index(path)
    yield opened
    opened.close()


@pytest.fixture
def connections(index: ProductIndex, path: Path) -> Iterator[Connections]:
    opened = Connections(path)
    yield opened
    opened.close()


def size(matrix: Matrix) -> int:
    return sum(int(np.count_nonzero(block.alive)) for block in matrix.blocks)


def test_nothing_is_read_while_nothing_is_written(
    index: ProductIndex, connections: Connections
) -> None:
    put(index, "abc")
    matrices = Matrices(connections, SPACE, 10_000)
    assert matrices.fresh(TENANT, Part.IMAGE) is matrices.fresh(TENANT, Part.IMAGE)


def test_only_what_is_newer_is_read(
    index: ProductIndex, connections: Connections, path: Path
) -> None:
    put(index, [f"old {number}" for number in range(100)])
    matrices = Matrices(connections, SPACE, 10_000)
    matrices.fresh(TENANT, Part.IMAGE)
    with closing(sqlite3.connect(path)) as connection, connection:
        # Behind the index's back, so that reading an old vector again would show.
        connection.execute("UPDATE vector SET vector = zeroblob(32)")
    put(index, ["new"])
    found = matrices.fresh(TENANT, Part.IMAGE).nearest(axis(0), limit=1, at_least=0.9)
    assert found.total == 101


def test_the_least_recently_used_is_dropped(index: ProductIndex, connections: Connections) -> None:
    for tenant in TENANTS:
        put(index, [str(number) for number in range(100)], tenant)
    matrices = Matrices(connections, SPACE, 10_000)  # room for two of the three
    first, second, third = TENANTS
    kept = [matrices.fresh(first, Part.IMAGE), matrices.fresh(second, Part.IMAGE)]
    assert matrices.fresh(first, Part.IMAGE) is kept[0]
    matrices.fresh(third, Part.IMAGE)
    assert matrices.nbytes <= 10_000
    assert matrices.fresh(first, Part.IMAGE) is kept[0]
    assert matrices.fresh(second, Part.IMAGE) is not kept[1]


def test_one_that_is_larger_than_all_the_room_is_held_alone(
    index: ProductIndex, connections: Connections
) -> None:
    for tenant in TENANTS[:2]:
        put(index, [str(number) for number in range(100)], tenant)
    matrices = Matrices(connections, SPACE, 1)
    alone = matrices.fresh(TENANTS[0], Part.IMAGE)
    assert matrices.fresh(TENANTS[0], Part.IMAGE) is alone
    assert matrices.fresh(TENANTS[1], Part.IMAGE).nbytes == matrices.nbytes


def test_a_process_that_missed_pruned_tombstones_reads_anew(
    index: ProductIndex, connections: Connections, path: Path
) -> None:
    put(index, ["stays", "goes", "goes too"])
    matrices = Matrices(connections, SPACE, 10_000)
    assert size(matrices.fresh(TENANT, Part.IMAGE)) == 3
    index.delete(TENANT, [product("goes").id])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE state SET change = change + ?", (TOMBSTONES_KEPT,))
        connection.executemany(
            "INSERT INTO vector (product, part, tenant, is_active, change, model) "
            "VALUES (?, 'image', 'somebody', 1, (SELECT change FROM state), '')",
            [(1_000_000 + number,) for number in range(TOMBSTONES_KEPT)],
        )
    index.delete(TENANT, [product("goes too").id])
    with connections.reading() as connection:
        (tombstones,) = connection.execute(
            "SELECT count(*) FROM vector WHERE vector IS NULL"
        ).fetchone()
    assert tombstones <= TOMBSTONES_KEPT
    assert size(matrices.fresh(TENANT, Part.IMAGE)) == 1


DEEDS = st.tuples(
    st.sampled_from(["write", "write", "unset", "touch", "delete"]),
    st.sampled_from("abcdefgh"),
    st.integers(0, 2),
    st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(DEEDS, max_size=30))
def test_two_processes_always_find_what_was_written(
    deeds: list[tuple[str, str, int, bool]],
) -> None:
    axes: dict[str, int] = {}
    active: dict[str, bool] = {}
    with TemporaryDirectory() as folder:
        here, there = (open_index(Path(folder) / "catalogue.sqlite3") for _ in range(2))
        for deed, key, number, is_active in deeds:
            do(here, deed, product(key, is_active=is_active), axis(number))
            active[key] = is_active
            if deed == "write":
                axes[key] = number
            elif deed in ("unset", "delete"):
                axes.pop(key, None)
            expected = {key: float(on == 0) for key, on in axes.items() if active[key]}
            for index in (here, there):
                found = index.nearest(TENANT, EVERYTHING)
                assert {hit.product.key: hit.cosine for hit in found.hits} == expected
                assert found.total == len(expected)
        here.close()
        there.close()


def do(index: ProductIndex, deed: str, made: Product, vector: Vector) -> None:
    if deed == "delete":
        index.delete(TENANT, [made.id])
        return
    vectors: dict[str, dict[Part, Vector | None]] = {
        "write": {Part.IMAGE: vector},
        "unset": {Part.IMAGE: None},
        "touch": {},
    }
    known = index.get(TENANT, [made.id]).get(made.id)
    write = Write(made, known.revision if known else None, vectors[deed])
    assert index.write(TENANT, [write]) == [True]
