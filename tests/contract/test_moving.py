"""A catalogue moves whole from the embedded index to an engine, however often it is cut off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from lookalike.accounts.accounts import Accounts
from lookalike.accounts.searches import month_of
from lookalike.bootstrap import (
    make_account_store,
    make_editions,
    make_index,
    make_remodel,
    make_watch,
)
from lookalike.catalog.product import Part
from lookalike.errors import Misconfigured
from lookalike.index.editions import FIRST, Edition, Editions, State, opened
from lookalike.index.protocol import ProductIndex, Revision, Write
from lookalike.moving import PAGE, House, Move
from lookalike.settings import Settings
from tests.contract.harness import MONDAY, SPACE, change, create, failed, owing, product, unit

EDITION = Edition(name=FIRST, pack="-", model=SPACE.model, dimensions=SPACE.dimensions)
COUNT = PAGE + 20


@pytest.fixture(params=["elasticsearch", "opensearch"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def source(tmp_path: Path) -> House:
    """Products of two tenants, more than a page of them, and their accounts."""
    house = house_of(Settings(data_dir=tmp_path))
    index = products_of(house, opened(house.editions, EDITION))
    accounts = Accounts(house.accounts)
    accounts.open()
    one = accounts.tenants()[0].id
    other, _ = accounts.create_tenant("Other shop", "starter")
    house.accounts.save_usage(one, month_of(datetime.now(UTC)), 7)
    accounts.revoke_key(other.id, house.accounts.keys(other.id)[0].id)
    writes = [
        Write(product(str(number), tenant=one), None, {Part.IMAGE: unit(1, number)})
        for number in range(COUNT)
    ]
    assert all(index.write(one, writes))
    create(index, failed(product("gone", tenant=one)), {Part.TEXT: unit(2)})
    create(index, owing(product("A", tenant=other.id)), {Part.IMAGE: unit(3)})
    return house


@pytest.fixture
def at(kind: str, server: str, prefix: str, tmp_path: Path) -> Settings:
    """Names the target."""
    return Settings(data_dir=tmp_path, index_url=f"{kind}+{server}", index_prefix=prefix)


@pytest.fixture
def target(at: Settings) -> House:
    return house_of(at)


def house_of(settings: Settings) -> House:
    return House(make_editions(settings), make_account_store(settings))


def products_of(house: House, state: State) -> ProductIndex:
    return house.editions.open(state.serving, state.epoch)


def moved(source: House, target: House) -> Move:
    moving = Move(source, target)
    moving.begin()
    assert sum(moving.products()) == moving.total()
    moving.finish()
    return moving


def assert_alike(source: House, target: House) -> None:
    told = target.editions.read()
    assert told is not None
    assert not told.state.is_filling
    before = products_of(source, opened(source.editions, EDITION))
    after = products_of(target, told.state)
    assert source.accounts.tenants() == target.accounts.tenants()
    for tenant in source.accounts.tenants():
        assert source.accounts.keys(tenant.id) == target.accounts.keys(tenant.id)
        month = month_of(datetime.now(UTC))
        assert source.accounts.usage(tenant.id, month) == target.accounts.usage(tenant.id, month)
        assert before.counts(tenant.id) == after.counts(tenant.id)
        ids = [stamp.id for stamp in before.stamps(None, 10_000) if stamp.tenant == tenant.id]
        ours, theirs = before.get(tenant.id, ids), after.get(tenant.id, ids)
        assert {id: each.product for id, each in ours.items()} == {
            id: each.product for id, each in theirs.items()
        }
        for id in ids[::50]:
            for part in Part:
                assert_same(before.vector(tenant.id, id, part), after.vector(tenant.id, id, part))
    assert before.owed(None, 10) == after.owed(None, 10) != []


def assert_same(one: object, other: object) -> None:
    assert (one is None) == (other is None)
    if one is not None:
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), atol=1e-6)


def test_everything_moves_and_the_source_stays(source: House, target: House) -> None:
    moved(source, target)
    assert_alike(source, target)


def test_a_move_that_was_cut_off_goes_on(source: House, target: House) -> None:
    first = Move(source, target)
    first.begin()
    next(first.products())
    assert target.accounts.tenants() == []
    index = products_of(source, opened(source.editions, EDITION))
    one = source.accounts.tenants()[0].id
    change(index, replace(product("1", tenant=one), is_active=False))
    index.delete(one, [product("2", tenant=one).id])
    moved(source, target)
    assert_alike(source, target)


class Cut(Exception):
    """The machine went down."""


class CutOff:
    """The editions of a target whose move is cut off just before it would be opened."""

    def __init__(self, editions: Editions) -> None:
        self._editions = editions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._editions, name)

    def save(self, state: State, read: Revision | None) -> bool:
        if not state.is_filling:
            raise Cut
        return self._editions.save(state, read)


def test_a_move_that_was_cut_off_at_its_last_step_is_not_open(source: House, target: House) -> None:
    accounts = Accounts(source.accounts)
    passing, _ = accounts.create_tenant("Gone tomorrow", "starter")
    with pytest.raises(Cut):
        moved(source, House(cast(Editions, CutOff(target.editions)), target.accounts))
    with pytest.raises(Misconfigured, match="not all of it has come"):
        opened(target.editions, EDITION)
    source.accounts.delete_tenant(passing.id)
    moved(source, target)
    assert_alike(source, target)
    assert target.accounts.keys(passing.id) == []


def test_nobody_starts_on_what_is_being_filled(source: House, target: House, at: Settings) -> None:
    Move(source, target).begin()
    for start in (make_watch, make_index, lambda settings: make_remodel(settings).begin("mini")):
        with pytest.raises(Misconfigured, match="not all of it has come"):
            start(at)


def test_a_source_that_changes_meanwhile_opens_nothing(source: House, target: House) -> None:
    moving = Move(source, target)
    moving.begin()
    assert sum(moving.products()) == COUNT + 2
    index = products_of(source, opened(source.editions, EDITION))
    one = source.accounts.tenants()[0].id
    change(index, replace(product("1", tenant=one), updated_at=MONDAY.replace(year=2027)))
    with pytest.raises(Misconfigured, match="changed while they were moved"):
        moving.finish()
    assert target.accounts.tenants() == []
    moved(source, target)
    assert_alike(source, target)


def test_a_catalogue_that_is_there_is_left_alone(source: House, target: House) -> None:
    moved(source, target)
    with pytest.raises(Misconfigured, match="a catalogue already"):
        Move(source, target).begin()
    assert_alike(source, target)


def test_a_change_of_model_is_ended_first(source: House, target: House) -> None:
    told = source.editions.read()
    assert told is not None
    other = replace(EDITION, name="000002", model="other")
    assert source.editions.save(replace(told.state, other=other), told.revision)
    with pytest.raises(Misconfigured, match="model of the catalogue is being changed"):
        Move(source, target).total()


def test_without_a_catalogue_there_is_nothing_to_move(target: House, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no catalogue here"):
        Move(house_of(Settings(data_dir=tmp_path / "empty")), target).total()
