"""What every account store does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from lookalike.accounts.model import AccountStore, ApiKey, Browser, Scope, Tenant
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
    assert store.tenant(TENANT) is None
    assert store.key("k1") is None
    assert store.keys(TENANT) == []
    assert store.usage(TENANT, "2026-03") == 0


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


def test_a_tenant_is_added_and_changed(store: AccountStore) -> None:
    store.open(tenant(), key())
    later = replace(tenant(OTHER), created_at=MONDAY + timedelta(minutes=1), tier="free")
    store.save_tenant(later)
    assert store.tenants() == [tenant(), later]
    changed = replace(tenant(), tier="pro", name="Shop")
    store.save_tenant(changed)
    assert store.tenants() == [changed, later]
    assert store.tenant(TENANT) == changed
    assert store.keys(TENANT) == [key()]


def test_a_deleted_tenant_takes_its_keys_and_usage_along_and_no_other_s(
    store: AccountStore,
) -> None:
    store.open(tenant(), key())
    store.save_tenant(tenant(OTHER))
    store.save_key(key("k2", of=OTHER))
    store.save_usage(TENANT, "2026-03", 5)
    store.save_usage(OTHER, "2026-03", 7)
    for _ in range(2):  # again is the same
        store.delete_tenant(TENANT)
        assert store.tenant(TENANT) is None
        assert store.tenants() == [tenant(OTHER)]
        assert (store.key("k1"), store.keys(TENANT)) == (None, [])
        assert store.usage(TENANT, "2026-03") == 0
    assert store.keys(OTHER) == [key("k2", of=OTHER)]
    assert store.usage(OTHER, "2026-03") == 7


def test_a_key_comes_back_as_it_was(store: AccountStore) -> None:
    store.open(tenant(), key())
    moment = MONDAY + timedelta(microseconds=1)
    browser = Browser(origins=frozenset({"https://a.example", "http://localhost:3000"}), burst=7)
    for saved in (
        replace(key("k2"), scopes=frozenset(), label="till"),
        replace(key("k2"), browser=browser),
        replace(key("k2"), browser=replace(browser, origins=frozenset(), burst=8)),
        replace(key("k2"), scopes=frozenset(Scope), expires_at=moment, revoked_at=moment),
    ):
        store.save_key(saved)
        assert store.key("k2") == saved


def test_a_revoked_key_stays_revoked_whatever_is_saved_over_it(store: AccountStore) -> None:
    store.open(tenant(), key())
    store.save_key(replace(key(), revoked_at=MONDAY))
    store.save_key(replace(key(), label="changed by somebody who read it before"))
    saved = store.key("k1")
    assert saved is not None
    assert saved.revoked_at == MONDAY


def test_the_usage_of_a_month_never_falls(store: AccountStore) -> None:
    store.open(tenant(), key())
    for saved, kept in ((3, 3), (9, 9), (4, 9), (10, 10)):
        store.save_usage(TENANT, "2026-03", saved)
        assert store.usage(TENANT, "2026-03") == kept
    assert store.usage(TENANT, "2026-04") == 0
    assert store.usage(OTHER, "2026-03") == 0


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
    here.save_tenant(replace(tenant(), tier="free"))
    assert there.tenant(TENANT) == replace(tenant(), tier="free")
    here.save_usage(TENANT, "2026-03", 3)
    assert there.usage(TENANT, "2026-03") == 3
