"""The matrix against a dictionary that is searched by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.index.sqlite.matrix import BLOCK_ROWS, Matrix, Rows, RowSet, Vectors

RNG = np.random.default_rng(11)
AXES = np.vstack([np.eye(3), -np.eye(3)]).astype(np.float32)
"""Few directions, so that many are equally near."""

STEPS = st.lists(
    st.tuples(st.sets(st.integers(0, 40), max_size=12), st.booleans(), st.integers(0, 5)),
    max_size=25,
)


def rows(*numbers: int) -> Rows:
    return np.array(numbers, dtype=np.int64)


def vectors(count: int, dimensions: int = 3) -> Vectors:
    made: Vectors = RNG.standard_normal((count, dimensions)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


def living(matrix: Matrix) -> dict[int, list[float]]:
    return {
        int(row): vector.tolist()
        for block in matrix.blocks
        for row, vector, alive in zip(block.rows, block.vectors, block.alive, strict=True)
        if alive
    }


@settings(deadline=None)
@given(STEPS)
def test_it_holds_what_was_put_in_and_not_taken_out(
    steps: list[tuple[set[int], bool, int]],
) -> None:
    matrix, expected = Matrix(), dict[int, list[float]]()
    history = []
    for touched, stay, axis in steps:
        matrix = matrix.without(rows(*touched))
        expected = {row: vector for row, vector in expected.items() if row not in touched}
        if stay and touched:
            matrix = matrix.plus(rows(*touched), AXES[[axis] * len(touched)])
            expected |= dict.fromkeys(touched, AXES[axis].tolist())
        history.append((matrix, expected))
    for then, what in history:  # earlier ones are as they were: searches may still go over them
        assert living(then) == what


@settings(deadline=None)
@given(STEPS, st.integers(0, 5), st.integers(1, 9), st.sampled_from([-1.0, 0.0, 0.5, 1.0]))
def test_it_finds_what_a_search_by_hand_finds(
    steps: list[tuple[set[int], bool, int]], toward: int, limit: int, at_least: float
) -> None:
    matrix = Matrix()
    for touched, stay, axis in steps:
        matrix = matrix.without(rows(*touched))
        if stay and touched:
            matrix = matrix.plus(rows(*touched), AXES[[axis] * len(touched)])
    for allowed in (None, {3, 5, 8, 13, 21, 34, 1000}):
        by_hand = {
            row: float(AXES[toward] @ np.array(vector))
            for row, vector in living(matrix).items()
            if allowed is None or row in allowed
        }
        near = {row: cosine for row, cosine in by_hand.items() if cosine >= at_least}
        ranked = sorted(near.values(), reverse=True)
        last = ranked[:limit][-1] if ranked else 0.0
        found = matrix.nearest(
            AXES[toward],
            limit=limit,
            at_least=at_least,
            allowed=None if allowed is None else RowSet(rows(*allowed)),
        )
        assert found.total == len(near)
        assert dict(zip(found.rows.tolist(), found.cosines.tolist(), strict=True)) == {
            row: cosine for row, cosine in near.items() if cosine >= last
        }


def test_a_large_matrix_is_scanned_whole() -> None:
    many = vectors(3 * BLOCK_ROWS + 100, 8)
    numbers = RNG.permutation(len(many)).astype(np.int64)
    matrix = Matrix()
    for start in range(0, len(many), 5_000):
        matrix = matrix.plus(numbers[start : start + 5_000], many[start : start + 5_000])
    gone = numbers[::7]
    matrix = matrix.without(gone)
    query = vectors(1, 8)[0]
    cosines = many @ query
    cosines[::7] = -2
    found = matrix.nearest(query, limit=30, at_least=0.2)
    assert set(found.rows.tolist()) == set(numbers[np.argsort(-cosines)[:30]].tolist())
    assert found.total == np.count_nonzero(cosines >= 0.2)
    assert all(block.size <= BLOCK_ROWS for block in matrix.blocks)


def test_what_does_not_change_is_not_copied() -> None:
    matrix = Matrix().plus(np.arange(1000), vectors(1000))
    more = matrix.without(rows(5)).plus(rows(5, 2000), vectors(2))
    assert more.blocks[0].vectors is matrix.blocks[0].vectors
    assert matrix.blocks[0].alive.all()


def test_the_dead_are_cleared_away_before_they_are_many() -> None:
    matrix = Matrix().plus(np.arange(1000), vectors(1000))
    for start in range(0, 1000, 10):
        matrix = matrix.without(np.arange(start, start + 10))
        size = sum(block.size for block in matrix.blocks)
        assert 3 * size <= 4 * (990 - start)
    assert matrix.nbytes == 0


def test_updates_leave_few_blocks() -> None:
    matrix = Matrix().plus(np.arange(2000), vectors(2000))
    for _ in range(500):
        changed = RNG.choice(2000, 10, replace=False)
        matrix = matrix.without(changed).plus(changed, vectors(10))
    assert len(living(matrix)) == 2000
    assert len(matrix.blocks) < 12


def test_a_row_beyond_all_of_a_set_is_not_in_it() -> None:
    assert RowSet(rows(2, 4)).holds(rows(0, 2, 3, 4, 5, 10**12)).tolist() == [
        False,
        True,
        False,
        True,
        False,
        False,
    ]
    assert not RowSet(rows()).holds(rows(0, 1)).any()
