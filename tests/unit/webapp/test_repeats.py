"""Skus that come more than once in an upload."""

from __future__ import annotations

import tracemalloc

from webapp.feed.repeats import Repeats


def test_of_a_repeated_sku_the_place_that_was_noted_last_counts() -> None:
    skus = ["a", "b", "a", "\ud800", "", "a"]
    repeats = Repeats(skus)
    assert repeats
    for at, sku in enumerate(skus[:4]):
        repeats.note(sku, at)
    assert [repeats.is_last(sku, at) for at, sku in enumerate(skus)] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]


def test_where_none_comes_again_each_is_the_last() -> None:
    assert not Repeats([])
    assert not Repeats("abc")
    assert Repeats("abc").is_last("a", 0)


def test_each_sku_takes_a_few_bytes() -> None:
    tracemalloc.start()
    repeats = Repeats(str(number) for number in range(200_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not repeats
    assert peak < 200_000 * 40
