"""Which processes a reload starts and retires, step by step."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lookalike.running.rolling import to_retire, to_start


@dataclass(frozen=True)
class Process:
    """A web process as the arbiter sees it."""

    age: int
    is_serving: bool = True


@pytest.mark.parametrize("wanted", [1, 2, 4])
def test_a_start_makes_all_of_them_at_once(wanted: int) -> None:
    assert to_start(wanted, [], []) == wanted
    assert to_retire(wanted, [Process(n, is_serving=False) for n in range(wanted)], []) == []


@pytest.mark.parametrize("wanted", [1, 2, 4])
def test_a_reload_is_never_more_than_one_ahead_and_never_one_short(wanted: int) -> None:
    old = [Process(n + 1) for n in range(wanted)]
    young: list[Process] = []
    steps = 0
    while old:
        assert to_start(wanted, young, old) == 1
        loading = Process(wanted + len(young) + 1, is_serving=False)
        assert to_start(wanted, [*young, loading], old) == 0
        assert to_retire(wanted, [*young, loading], old) == []
        young.append(Process(loading.age))
        assert list(to_retire(wanted, young, old)) == [old[0]]
        old.pop(0)
        assert len(young) + len(old) == wanted
        steps += 1
    assert steps == wanted
    assert to_start(wanted, young, old) == 0


def test_a_process_that_dies_in_the_middle_is_replaced_by_a_young_one() -> None:
    assert to_start(2, [Process(3)], []) == 1


def test_fewer_wanted_ones_let_the_oldest_go() -> None:
    assert list(to_retire(1, [Process(2), Process(1)], [])) == [Process(1)]
