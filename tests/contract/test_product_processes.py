"""What every product index promises to several threads and processes at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection

import pytest

from lookalike.catalog.product import Part
from lookalike.index.protocol import Listing, Nearest, ProductIndex, Write
from tests.contract.harness import SPACE, TENANT, Engine, change, create, product, unit

SPAWN = multiprocessing.get_context("spawn")
HERE = Nearest(part=Part.IMAGE, vector=unit(1), limit=100)


def raise_price(engine: Engine, times: int) -> None:
    """Raises the price of A by one, so many times, reading again whenever another was first."""
    index = engine.open(SPACE)
    for _ in range(times):
        written = False
        while not written:
            (stored,) = index.get(TENANT, [product("A").id]).values()
            facts = replace(stored.product.facts, price=(stored.product.facts.price or 0) + 1)
            write = Write(replace(stored.product, facts=facts), stored.revision)
            (written,) = index.write(TENANT, [write])
    index.close()


def create_all(engine: Engine, first: int) -> list[bool]:
    """Tries to create a hundred products that others try to create at the same time."""
    index = engine.open(SPACE)
    written: list[bool] = []
    for start in range(0, 100, 10):
        numbers = [(first + start + each) % 100 for each in range(10)]
        writes = [Write(product(f"K{number}"), None, {Part.IMAGE: unit(1)}) for number in numbers]
        written += index.write(TENANT, writes)
    index.close()
    return written


def answer(engine: Engine, pipe: Connection) -> None:
    """Tells, whenever it is asked, which keys it finds."""
    index = engine.open(SPACE)
    for _ in iter(pipe.recv, None):
        pipe.send(sorted(hit.product.key for hit in index.nearest(TENANT, HERE).hits))
    index.close()


def write_for_ever(engine: Engine) -> None:
    """Writes chunks of 50 products until it is killed."""
    index = engine.open(SPACE)
    for chunk in count():
        keys = [f"{chunk}-{each}" for each in range(50)]
        index.write(TENANT, [Write(product(key), None, {Part.IMAGE: unit(1)}) for key in keys])


def threads() -> Executor:
    return ThreadPoolExecutor(4)


def processes() -> Executor:
    return ProcessPoolExecutor(4, mp_context=SPAWN)


@pytest.fixture(params=[threads, processes])
def four(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Four threads, or four processes."""
    make: Callable[[], Executor] = request.param
    with make() as executor:
        yield executor


def test_writers_at_once_lose_no_update(
    engine: Engine, index: ProductIndex, four: Executor
) -> None:
    made = create(index, product("A", price=0))
    for done in [four.submit(raise_price, engine, 25) for _ in range(4)]:
        done.result()
    assert index.get(TENANT, [made.id])[made.id].product.facts.price == 100


def test_of_those_who_create_a_product_at_once_one_succeeds(
    engine: Engine, index: ProductIndex, four: Executor
) -> None:
    tries = [four.submit(create_all, engine, 25 * each) for each in range(4)]
    assert sum(sum(each.result()) for each in tries) == 100
    engine.settle()
    assert index.page(TENANT, Listing(limit=1)).total == 100
    assert index.nearest(TENANT, HERE).total == 100


def test_threads_share_an_index(engine: Engine, index: ProductIndex) -> None:
    made = create(index, product("A"), {Part.IMAGE: unit(1)})
    engine.settle()

    def write_and_search(each: int) -> int:
        create(index, product(f"K{each}"), {Part.IMAGE: unit(1, 1)})
        engine.settle()
        found = index.nearest(TENANT, HERE)
        assert found.hits[0].product == made
        return found.total

    with ThreadPoolExecutor(4) as four:
        totals = list(four.map(write_and_search, range(40)))
    assert max(totals) == 41
    assert index.nearest(TENANT, HERE).total == 41


def test_another_process_sees_every_write(engine: Engine, index: ProductIndex) -> None:
    ours, theirs = SPAWN.Pipe()
    other = SPAWN.Process(target=answer, args=(engine, theirs))
    other.start()

    def seen() -> object:
        engine.settle()
        ours.send("which?")
        return ours.recv()

    assert seen() == []
    for each in range(20):
        create(index, product(f"K{each:02}"), {Part.IMAGE: unit(1)})
        assert seen() == [f"K{number:02}" for number in range(each + 1)]
    change(index, product("K00"), {Part.IMAGE: None})
    change(index, replace(product("K01"), is_active=False))
    index.delete(TENANT, [product("K02").id])
    assert seen() == [f"K{number:02}" for number in range(3, 20)]
    ours.send(None)
    other.join()
    assert other.exitcode == 0


def test_a_writer_that_is_killed_does_no_harm(engine: Engine, index: ProductIndex) -> None:
    writer = SPAWN.Process(target=write_for_ever, args=(engine,))
    writer.start()
    while index.counts(TENANT).accepted < 200:
        assert writer.is_alive()
    writer.kill()
    writer.join()
    create(index, product("after"), {Part.IMAGE: unit(1)})
    engine.settle()
    accepted = index.counts(TENANT).accepted
    assert index.page(TENANT, Listing(limit=1)).total == accepted
    found = index.nearest(TENANT, HERE)
    assert found.total == accepted if found.exact else 1000 <= found.total <= accepted
