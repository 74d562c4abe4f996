"""What every account store does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from lookalike.accounts.model import AccountStore, ApiKey, Scope, Tenant
from tests.contract.harness import MONDAY, OTHER, TENANT

OpenStore = Callable[[], AccountStore]


@pytest.fixture
def store(open_accounts: OpenStore) -> AccountStore:
    return open_accounts()


def tenant(id: str = TENANT) -> Tenant:
    return Tenant(id=id, name="Крамниця", tier="unlimited", created_at=MONDAY)


def key(id: str = "k1", *, minute: int = 0, of: str = TENANT) -> ApiKey:
    return ApiKey(
        id=id,
        tenant=of,
        label="the shop's “first” key",
        scopes=frozenset({Scope.SEARCH, Scope.ADMIN}),
        secret_hash="ab" * 32,
        created_at=MONDAY + timedelta(minutes=minute),
    )


def test_a_new_installation_has_nobody(store: AccountStore) -> None:
    assert store.tenants() == []
    assert store.key("k1") is None
    assert store.keys(TENANT) == []


def test_the_first_tenant_opens_the_installation_with_its_key(store: AccountStore) -> None:
    assert store.open(tenant(), key())
    assert store.tenants() == [tenant()]
    assert store.key("k1") == key()


def test_there_is_one_first_tenant(store: AccountStore) -> None:
    store.open(tenant(), key())
    assert not store.open(tenant(OTHER), key("k2", of=OTHER))
    assert store.tenants() == [tenant()]
    assert store.key("k2") is None


def test_of_processes_that_open_at_once_one_succeeds(open_accounts: OpenStore) -> None:
    stores = [open_accounts() for _ in range(8)]
    start = Barrier(len(stores))

    def open_one(number: int) -> bool:
        start.wait()
        return stores[number].open(tenant(), key(f"k{number}"))

    with ThreadPoolExecutor(len(stores)) as eight:
        opened = list(eight.map(open_one, range(len(stores))))
    assert opened.count(True) == 1
    assert [each.id for each in stores[0].keys(TENANT)] == [f"k{opened.index(True)}"]


@pytest.mark.parametrize("scopes", [frozenset(), frozenset(Scope)])
def test_a_key_comes_back_as_it_was(store: AccountStore, scopes: frozenset[Scope]) -> None:
    store.open(tenant(), key())
    saved = replace(key("k2"), scopes=scopes, revoked_at=MONDAY + timedelta(microseconds=1))
    store.save_key(saved)
    assert store.key("k2") == saved


def test_keys_come_oldest_first_and_revoked_ones_stay(store: AccountStore) -> None:
    store.open(tenant(), key("b"))
    store.save_key(key("a", minute=5))
    store.save_key(key("c", minute=1))
    revoked = replace(key("b"), revoked_at=MONDAY)
    store.save_key(revoked)
    assert store.keys(TENANT) == [revoked, key("c", minute=1), key("a", minute=5)]


def test_what_one_process_saves_another_sees(open_accounts: OpenStore) -> None:
    here, there = open_accounts(), open_accounts()
    here.open(tenant(), key())
    here.save_key(replace(key(), revoked_at=MONDAY))
    assert there.key("k1") == replace(key(), revoked_at=MONDAY)
    assert there.tenants() == [tenant()]
