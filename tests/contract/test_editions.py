"""A change of model on every engine: who may write when, what reaches both editions, and what is
left of it where a process ends in the middle."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from lookalike.catalog.product import Part, PartState
from lookalike.errors import IndexAway, Misconfigured
from lookalike.index import watch
from lookalike.index.editions import Editions, Outdated, State, opened
from lookalike.index.protocol import Nearest, ProductIndex, Write
from lookalike.index.sqlite.editions import SqliteEditions
from lookalike.index.twin import TwinIndex
from lookalike.index.watch import Watch
from lookalike.remodel.remodel import Remodel
from tests.contract.editions import (
    OLD,
    Open,
    copied,
    made,
    other,
    process,
    put,
    remodel,
    serving,
    stamps,
)
from tests.contract.harness import (
    ENGINES,
    MEMORY_BYTES,
    OTHER,
    TENANT,
    failed,
    inactive,
    open_editions,
    product,
    unit,
)


@pytest.fixture(params=ENGINES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def editions_of(kind: str, server: str, prefix: str, tmp_path: Path) -> Iterator[Open]:
    """Opens the same editions again and again, each as another process would."""
    made: list[Editions] = []

    def open_one() -> Editions:
        if server:
            made.append(open_editions(kind, server, prefix))
        else:
            made.append(SqliteEditions(tmp_path / "catalogue.sqlite3", MEMORY_BYTES))
        return made[-1]

    yield open_one
    for each in made:
        each.close()


@pytest.fixture
def editions(editions_of: Open) -> Editions:
    made = editions_of()
    opened(made, OLD)
    return made


def test_a_catalogue_begins_with_one_edition(editions_of: Open) -> None:
    assert editions_of().read() is None
    first = opened(editions_of(), OLD)
    assert first == State(serving=OLD)
    assert opened(editions_of(), replace(OLD, pack="another")) == first


def test_an_edition_that_is_gone_is_not_made_anew(editions: Editions) -> None:
    change = copied(editions)
    assert change.state.other
    for each in change.state.editions:
        editions.check(each)
    editions.drop(change.state.other)
    for _ in range(2):
        with pytest.raises(Misconfigured, match="not there any more"):
            editions.check(change.state.other)


def test_a_state_is_saved_only_over_the_one_that_was_read(editions: Editions) -> None:
    told = editions.read()
    assert told is not None
    assert editions.save(replace(told.state, beat=1), told.revision)
    assert not editions.save(replace(told.state, beat=2), told.revision)
    assert not editions.save(told.state, None)
    now = editions.read()
    assert now is not None
    assert now.state.beat == 1


def test_an_edition_takes_no_write_of_an_earlier_epoch(editions: Editions) -> None:
    early = editions.open(OLD, 0)
    assert put(early, made("A"))
    editions.fence(OLD, 3)
    editions.fence(OLD, 2)  # comes too late, and does nothing
    for write in (
        lambda: put(early, made("A", price=2)),
        lambda: put(early, made("B")),
        lambda: early.delete(TENANT, [made("A").id]),
        lambda: early.delete_tenant(TENANT),
    ):
        with pytest.raises(Outdated):
            write()
    late = editions.open(OLD, 3)
    assert put(late, made("A", price=3))
    assert early.get(TENANT, [made("A").id])[made("A").id].product.facts.price == 3


def test_a_fence_waits_for_writes_that_are_under_way(editions_of: Open) -> None:
    """What an early writer was told is written, is there; and after the fence it writes nothing."""
    fencing = editions_of()
    opened(fencing, OLD)
    early = editions_of().open(OLD, 0)
    written: list[str] = []

    def write() -> None:
        for number in range(10_000):
            one = made(f"K{number}")
            if early.write(TENANT, [Write(one, None)]) == [True]:
                written.append(one.id)

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write) for _ in range(4)]
        wait_until(lambda: len(written) > 20)
        fencing.fence(OLD, 1)
        there = set(stamps(fencing.open(OLD, 1)))
        for each in writers:
            assert isinstance(each.exception(), Outdated)
    assert set(written) == there
    assert set(stamps(fencing.open(OLD, 1))) == there


def test_what_is_written_during_a_change_is_in_both_editions(
    editions_of: Open, editions: Editions
) -> None:
    shop = process(editions_of)
    before, gone = made("before"), made("gone")
    assert put(shop, before)
    assert put(shop, gone)
    change = copied(editions)
    assert put(shop, made("A"))
    assert put(shop, replace(before, facts=replace(before.facts, price=7)))
    assert shop.delete(TENANT, [gone.id]) == {gone.id}
    ours, theirs = change.opened()
    assert set(stamps(ours)) == {before.id, made("A").id}
    assert stamps(ours) == stamps(theirs)
    copy = theirs.get(TENANT, [before.id])[before.id].product
    assert (copy.facts.price, copy.image, copy.text) == (7, PartState.OWED, PartState.OWED)
    assert "new-model" in copy.text_digest


def test_each_edition_searches_with_its_own_model(editions_of: Open, editions: Editions) -> None:
    shop = process(editions_of)
    one, two = made("one"), made("two")
    for each in (one, two):
        assert shop.write(TENANT, [Write(each, None, {Part.IMAGE: unit(1)})]) == [True]
    change = copied(editions)
    wide = np.zeros(8, dtype=np.float32)
    wide[3] = 1
    theirs = change.opened()[1]
    settle(theirs, one.id, wide)
    state = change.switch()
    theirs.refresh()
    serving(editions, state).refresh()
    found = shop.nearest(TENANT, Nearest(part=Part.IMAGE, vector=unit(1), limit=5))
    assert {hit.product.id for hit in found.hits} == {one.id, two.id}
    found = serving(editions, state).nearest(TENANT, Nearest(part=Part.IMAGE, vector=wide, limit=5))
    assert [hit.product.id for hit in found.hits] == [one.id]


def test_inactive_products_are_copied_and_owe_nothing_yet(
    editions_of: Open, editions: Editions
) -> None:
    shop = process(editions_of)
    asleep = inactive(made("asleep"))
    assert put(shop, asleep)
    change = copied(editions)
    theirs = change.opened()[1]
    theirs.refresh()
    assert theirs.owed(None, 10) == []
    assert theirs.counts(TENANT).stored == 1
    assert put(shop, replace(asleep, is_active=True))
    theirs.refresh()
    assert theirs.owed(None, 10) == [(TENANT, asleep.id)]


def test_a_revision_of_one_edition_does_not_stand_in_the_other(
    editions_of: Open, editions: Editions
) -> None:
    shop = process(editions_of)
    one = made("A")
    assert put(shop, one)
    read = shop.get(TENANT, [one.id])[one.id].revision
    copied(editions).switch()
    assert shop.write(TENANT, [Write(one, read)]) == [False]


def test_a_tenant_is_deleted_from_both_editions(editions_of: Open, editions: Editions) -> None:
    shop = process(editions_of)
    assert put(shop, made("A"))
    assert put(shop, product("B", tenant=OTHER))
    change = copied(editions)
    shop.delete_tenant(TENANT)
    for index in change.opened():
        assert set(stamps(index)) == {product("B", tenant=OTHER).id}


def test_back_finish_and_abort_leave_one_edition(editions_of: Open, editions: Editions) -> None:
    shop = process(editions_of)
    assert put(shop, made("A"))
    change = copied(editions)
    change.switch()
    assert put(shop, made("since"))
    with pytest.raises(IndexAway, match="Another process"):
        change.switch()  # by one who began while the other did
    assert change.switch(back=True).serving == OLD
    assert set(stamps(serving(editions, change.state))) == {made("A").id, made("since").id}
    change.drop_other()
    assert change.state.other is None
    with pytest.raises(Misconfigured, match="No change of model"):
        change.drop_other()
    change = copied(editions)
    new = change.switch().serving
    change.drop_other()
    assert change.state.editions == (new,)
    assert set(stamps(serving(editions, change.state))) == {made("A").id, made("since").id}
    assert put(shop, made("later"))


class Late(Watch):
    """Of a process that looked at the state just before it changed."""

    def __init__(self, editions: Editions) -> None:
        super().__init__(editions)
        self.seen = self.reload()

    def state(self) -> State:
        return self.seen

    def reload(self) -> State:
        self.seen = super().reload()
        return self.seen


def test_who_looked_before_an_edition_was_dropped_reads_on(editions_of: Open) -> None:
    editions = editions_of()
    opened(editions, OLD)
    change = copied(editions)
    assert put(process(editions_of), made("A"))
    change.switch()
    late = [TwinIndex(Late(editions_of()), OLD.model) for _ in range(2)]
    change.switch(back=True)
    change.drop_other()
    assert list(late[0].get(TENANT, [made("A").id])) == [made("A").id]
    assert late[1].counts(TENANT).stored == 1


def test_another_change_waits_until_the_first_is_finished(editions: Editions) -> None:
    change = copied(editions)
    with pytest.raises(Misconfigured, match="not finished"):
        change.begin("old")
    assert change.begin("new") == change.state
    change.switch()
    with pytest.raises(Misconfigured, match="--back"):
        change.begin("new")
    change.drop_other()
    with pytest.raises(Misconfigured, match="already"):
        change.begin("new")


def test_nothing_is_lost_or_comes_back_while_many_write(editions_of: Open) -> None:
    """Processes create, change and delete while a change is begun, filled, switched and undone. At
    the end both editions hold just what the writers were told."""
    opened(editions_of(), OLD)
    stop = threading.Event()
    kept: list[dict[str, str]] = [{} for _ in range(4)]
    rounds = [0] * 4

    def write(place: int) -> None:
        shop, mine = process(editions_of), kept[place]
        while not stop.is_set():
            rounds[place] = number = rounds[place] + 1
            one = made(f"{place}-{number % 7}", price=number)
            one = replace(one, updated_at=one.updated_at + timedelta(seconds=number))
            if number % 3 == 0:
                shop.delete(TENANT, [one.id])
                mine.pop(one.id, None)
            elif put(shop, one):
                mine[one.id] = f"{number}"

    change = remodel(editions_of())
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, place) for place in range(4)]
        try:
            wait_until(lambda: sum(map(len, kept)) > 4)
            change.begin("new")
            for back in (False, True, False):
                for _ in change.copy():
                    pass
                change.switch(back=back)
            switched_at = min(rounds)
            wait_until(lambda: min(rounds) > switched_at + 7)
        finally:
            stop.set()
        for each in writers:
            each.result()
    wanted = {id: number for mine in kept for id, number in mine.items()}
    for index in change.opened():
        index.refresh()
        found = index.get(TENANT, [made(f"{p}-{n}").id for p in range(4) for n in range(7)])
        assert {id: str(each.product.facts.price) for id, each in found.items()} == wanted


STEPS = ("read", "save", "make", "fence", "open", "show", "drop")


class Ended(BaseException):
    """A process that was killed."""


class Mortal:
    """Editions of a process that is killed at its n-th call."""

    def __init__(self, editions: Editions, calls: int) -> None:
        self._editions = editions
        self.left = calls

    def __getattr__(self, name: str) -> Callable[..., object]:
        method: Callable[..., object] = getattr(self._editions, name)

        def called(*args: object) -> object:
            if name in STEPS:
                self.left -= 1
                if self.left < 0:
                    raise Ended
            return method(*args)

        return called


class Interrupted:
    """Editions of a process that another one overtakes before its n-th call."""

    def __init__(self, editions: Editions, calls: int, other: Callable[[], object]) -> None:
        self._editions, self._calls, self._other = editions, calls, other

    def __getattr__(self, name: str) -> object:
        self._calls -= 1
        if self._calls == -1:
            self._other()
        return getattr(self._editions, name)


def test_killed_at_any_step_the_old_edition_goes_on_and_the_change_can_go_on(
    editions_of: Open, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(watch, "ABANDONED_S", 0.0)
    monkeypatch.setattr(watch, "FRESH_S", 0.0)
    first = editions_of()
    opened(first, OLD)
    shop = process(editions_of)
    assert put(shop, made("A"))
    calls, wanted = 0, {made("A").id}
    while not remodel(first).state.switched:
        calls += 1 if kind == "sqlite" else 3  # an engine takes its time
        with suppress(Ended):
            copied(Mortal(first, calls)).switch()  # type: ignore[arg-type]
        # Whatever was left: what is written is there, and what serves is whole.
        assert put(shop, made(f"after-{calls}"))
        wanted.add(made(f"after-{calls}").id)
        state = remodel(first).state
        assert set(stamps(serving(first, state))) == wanted
        assert state.switched or state.serving == OLD
    assert calls > 10
    assert set(stamps(other(first, state))) == wanted
    calls = 0
    while remodel(first).state.editions != (state.serving,) or remodel(first).state.leaving:
        calls += 1
        with suppress(Ended):
            remodel(Mortal(first, calls)).drop_other()  # type: ignore[arg-type]
        assert put(shop, made("A", price=calls))
    assert set(stamps(serving(first, remodel(first).state))) == wanted


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_process_keeps_nothing_of_an_edition_that_another_dropped(
    editions_of: Open, editions: Editions
) -> None:
    shop = process(editions_of)
    change = copied(editions)
    assert put(shop, made("A"))
    opened_by_shop = vars(shop._watch.editions)["_opened"]
    assert len(opened_by_shop) == 2
    change.drop_other()
    shop._watch.reload()
    assert set(opened_by_shop) == {OLD.name}


@pytest.mark.parametrize("calls", range(2, 7))
def test_two_who_begin_at_once_leave_one_whole_edition(
    editions_of: Open, editions: Editions, calls: int
) -> None:
    shop = process(editions_of)
    assert put(shop, made("A"))
    faster: list[Remodel] = []
    overtaken = Interrupted(editions, calls, lambda: faster.append(copied(editions_of())))
    with suppress(IndexAway):
        remodel(overtaken).begin("new")  # type: ignore[arg-type]
    assert put(shop, made("B"))
    faster[0].switch()
    for index in process(editions_of), *faster[0].opened():
        assert set(stamps(index)) == {made("A").id, made("B").id}


def test_what_failed_is_tried_again_by_who_goes_on(editions_of: Open, editions: Editions) -> None:
    shop = process(editions_of)
    assert put(shop, made("A"))
    change = copied(editions)
    theirs = change.opened()[1]
    stored = theirs.get(TENANT, [made("A").id])[made("A").id]
    dead = replace(failed(stored.product), text=PartState.DONE)
    assert theirs.write(TENANT, [Write(dead, stored.revision)]) == [True]
    assert change.progress().newly_failed == 1
    change.begin("new")
    change.retry()
    progress = change.progress()
    assert (progress.newly_failed, progress.settled) == (0, 0)
    assert theirs.get(TENANT, [made("A").id])[made("A").id].product.embedding_error is None


def test_a_switch_whose_process_sleeps_is_refused_when_it_wakes(
    editions_of: Open, editions: Editions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "ABANDONED_S", 0.0)
    shop = process(editions_of)
    assert put(shop, made("A"))
    change = copied(editions)
    told = editions.read()
    assert told is not None
    asleep = replace(told.state, is_switching=True, epoch=told.state.epoch + 1)
    assert editions.save(asleep, told.revision)
    assert put(shop, made("B"))  # once the sleeper is taken for dead
    with pytest.raises(IndexAway, match="meanwhile"):
        change._told_as(asleep)
    assert not change.state.is_switching


def settle(index: ProductIndex, id: str, vector: np.ndarray) -> None:
    """Gives a product its image vector, as a worker would."""
    stored = index.get(TENANT, [id])[id]
    done = replace(stored.product, image=PartState.DONE, text=PartState.DONE)
    assert index.write(TENANT, [Write(done, stored.revision, {Part.IMAGE: vector})]) == [True]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it did not happen within 30 s"
        time.sleep(0.01)
