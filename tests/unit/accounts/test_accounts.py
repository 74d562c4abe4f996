"""What operators and admin keys do with tenants and keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lookalike.accounts import keys
from lookalike.accounts.accounts import IN_FORCE_WITHIN_S, Accounts
from lookalike.accounts.keys import Wanted
from lookalike.accounts.model import ApiKey, Browser, KeyState, Scope
from lookalike.errors import IndexAway, Invalid, NotFound
from lookalike.search.events import NoEventLog
from tests.unit.accounts.harness import MONDAY, Clock, MemoryStore

SHOP = Browser(origins=frozenset({"https://shop.example"}), burst=5)
DAY = timedelta(days=1)


class House:
    """Accounts over a store with one tenant, at a time of our choosing."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.clock = Clock()
        self.accounts = Accounts(self.store, self.clock.now, self.clock.passes)
        self.accounts.open()
        self.tenant = self.accounts.tenant(None).id

    def make(self, **wanted: Any) -> ApiKey:
        return self.accounts.create_key(self.tenant, Wanted(**wanted))[0]


@pytest.fixture
def house() -> House:
    return House()


def test_the_first_key_is_given_once_and_its_tenant_has_no_limits() -> None:
    accounts = Accounts(MemoryStore())
    assert accounts.open() is not None
    assert accounts.open() is None
    assert accounts.tenant(None).tier == "unlimited"
    assert accounts.keys(accounts.tenant(None).id)[0].scopes == frozenset(Scope)


def test_the_store_never_holds_the_secret(house: House) -> None:
    key, text = house.accounts.create_key(house.tenant, Wanted(label="shop"))
    parts = keys.split(text)
    assert parts is not None
    assert parts.secret not in repr(house.store.key(key.id))
    assert parts.secret not in repr(parts)


def test_a_key_opens_what_its_kind_usually_opens_unless_it_is_told_otherwise(house: House) -> None:
    assert house.make().scopes == {Scope.CATALOG, Scope.SEARCH}
    assert house.make(scopes=frozenset({Scope.ADMIN})).scopes == {Scope.ADMIN}
    assert house.make(browser=SHOP).scopes == {Scope.SEARCH}
    assert house.make(browser=SHOP, scopes=frozenset({Scope.SEARCH})).scopes == {Scope.SEARCH}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Wanted(browser=SHOP, scopes=frozenset({Scope.SEARCH, Scope.CATALOG})), "scopes"),
        (Wanted(browser=Browser(origins=frozenset(), burst=5)), "origins"),
        (Wanted(expires_at=MONDAY), "expires_at"),
        (Wanted(label="red\x1b[31m"), "label"),
        (Wanted(label="x" * 257), "label"),
    ],
)
def test_a_key_that_cannot_be_is_refused_by_field(house: House, wanted: Wanted, field: str) -> None:
    before = house.accounts.keys(house.tenant)
    with pytest.raises(Invalid) as caught:
        house.accounts.create_key(house.tenant, wanted)
    assert list(caught.value.errors) == [field]
    assert house.accounts.keys(house.tenant) == before


def test_rotation_makes_the_same_key_anew_and_lets_the_old_one_end(house: House) -> None:
    old = house.make(label="till", browser=SHOP)
    new, text = house.accounts.rotate_key(house.tenant, old.id, DAY)
    assert text.startswith(f"pk_{new.id}_")
    assert (new.label, new.scopes, new.browser) == (old.label, old.scopes, old.browser)
    assert new.expires_at is None
    assert house.accounts.key(house.tenant, old.id) == replace(old, expires_at=MONDAY + DAY)


def test_rotation_prolongs_no_key(house: House) -> None:
    old = house.make(expires_at=MONDAY + timedelta(hours=1))
    house.accounts.rotate_key(house.tenant, old.id, DAY)
    assert house.accounts.key(house.tenant, old.id).expires_at == MONDAY + timedelta(hours=1)


def test_what_opens_nothing_any_more_cannot_be_rotated(house: House) -> None:
    revoked, expired = house.make(), house.make(expires_at=MONDAY + DAY)
    house.accounts.revoke_key(house.tenant, revoked.id)
    house.clock.passes(DAY.total_seconds())
    for key, word in ((revoked, "revoked"), (expired, "expired")):
        with pytest.raises(Invalid, match=word):
            house.accounts.rotate_key(house.tenant, key.id, DAY)


def test_what_is_named_is_changed_and_the_rest_stays(house: House) -> None:
    key = house.make(label="till", browser=SHOP)
    elsewhere = frozenset({"https://other.example"})
    changed = house.accounts.change_key(house.tenant, key.id, {"origins": elsewhere})
    assert changed == replace(key, browser=replace(SHOP, origins=elsewhere))
    changed = house.accounts.change_key(
        house.tenant, key.id, {"label": "desk", "burst": 9, "expires_at": MONDAY + DAY}
    )
    assert (changed.label, changed.expires_at) == ("desk", MONDAY + DAY)
    assert changed.browser == Browser(origins=elsewhere, burst=9)
    changed = house.accounts.change_key(house.tenant, key.id, {"expires_at": None})
    assert (changed.label, changed.expires_at) == ("desk", None)


def test_a_secret_key_has_no_origins(house: House) -> None:
    with pytest.raises(Invalid) as caught:
        house.accounts.change_key(house.tenant, house.make().id, {"burst": 3})
    assert list(caught.value.errors) == ["burst"]


def test_revoking_again_changes_nothing(house: House) -> None:
    key = house.make()
    house.accounts.revoke_key(house.tenant, key.id)
    house.clock.passes(60)
    house.accounts.revoke_key(house.tenant, key.id)
    assert house.accounts.key(house.tenant, key.id).revoked_at == MONDAY


def test_another_tenant_s_key_is_as_unknown_as_none(house: House) -> None:
    other, _ = house.accounts.create_tenant("Other", "free")
    theirs = house.accounts.keys(other.id)[0]
    for id in (theirs.id, "0000000000000000"):
        for attempt in (
            lambda id=id: house.accounts.key(house.tenant, id),
            lambda id=id: house.accounts.rotate_key(house.tenant, id, DAY),
            lambda id=id: house.accounts.change_key(house.tenant, id, {"label": "mine"}),
            lambda id=id: house.accounts.revoke_key(house.tenant, id),
        ):
            with pytest.raises(NotFound, match=f"There is no key '{id}'"):
                attempt()
    assert house.accounts.keys(other.id) == [theirs]
    assert house.accounts.owner(theirs.id) == other.id


def test_a_tenant_is_named_where_there_are_several(house: House) -> None:
    other, text = house.accounts.create_tenant("Other", "starter")
    assert text.startswith("sk_")
    assert house.accounts.tenant(other.id) == other
    with pytest.raises(Invalid, match="several"):
        house.accounts.tenant(None)
    with pytest.raises(NotFound):
        house.accounts.tenant("nobody")


def test_a_tier_is_changed_to_one_that_there_is(house: House) -> None:
    assert house.accounts.change_tier(house.tenant, "pro").tier == "pro"
    assert house.accounts.tenant(house.tenant).tier == "pro"
    for attempt in (
        lambda: house.accounts.change_tier(house.tenant, "gold"),
        lambda: house.accounts.create_tenant("Other", "gold"),
    ):
        with pytest.raises(Invalid, match="free, starter, pro, unlimited"):
            attempt()


def test_a_deleted_tenant_s_keys_are_refused_everywhere_before_anything_goes(house: House) -> None:
    key = house.make()

    class Index:
        """Sees what has happened when the products go."""

        def delete_tenant(self, tenant: str) -> None:
            self.deleted = tenant
            self.at = house.clock.now()
            self.key = house.store.key(key.id)

    class Events(NoEventLog):
        """Is away the first time it is asked."""

        away = True

        def forget_tenant(self, tenant: str) -> None:
            assert (index.deleted, house.accounts.tenant(tenant).id) == (tenant, tenant)
            away, self.away = self.away, False
            if away:
                raise IndexAway("The engine is away.")

    index, events = Index(), Events()
    with pytest.raises(IndexAway):
        house.accounts.delete_tenant(house.tenant, index, events)  # type: ignore[arg-type]
    house.accounts.delete_tenant(house.tenant, index, events)  # type: ignore[arg-type]
    assert index.deleted == house.tenant
    assert index.key is not None
    assert index.key.state(MONDAY) is KeyState.REVOKED
    assert (index.at - MONDAY).total_seconds() >= IN_FORCE_WITHIN_S
    assert house.accounts.tenants() == []
    with pytest.raises(NotFound):
        house.accounts.delete_tenant(house.tenant, index, events)  # type: ignore[arg-type]
