"""Whose key a request carries: checked always, looked up seldom, ended within seconds."""

from __future__ import annotations

import pytest

from lookalike.accounts.accounts import IN_FORCE_WITHIN_S, Accounts
from lookalike.accounts.callers import Callers
from lookalike.accounts.keys import Wanted
from lookalike.accounts.model import Browser, Scope
from lookalike.accounts.tiers import TIERS
from lookalike.errors import Forbidden, Unauthorized, WrongOrigin
from tests.unit.accounts.harness import MONDAY, Clock, MemoryStore

SHOP = Browser(origins=frozenset({"https://shop.example"}), burst=5)


class House:
    """One process that manages keys, and another that is asked with them."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.clock = Clock()
        self.accounts = Accounts(self.store, self.clock.now, self.clock.passes)
        self.accounts.open()
        self.tenant = self.accounts.tenant(None).id
        self.callers = Callers(self.store, self.clock.monotonic, self.clock.now)

    def key(self, wanted: Wanted = Wanted()) -> tuple[str, str]:  # noqa: B008
        key, text = self.accounts.create_key(self.tenant, wanted)
        return key.id, text


@pytest.fixture
def house() -> House:
    return House()


def test_a_key_tells_its_tenant_tier_and_scopes(house: House) -> None:
    id, text = house.key(Wanted(browser=SHOP))
    caller = house.callers.authenticate(text)
    assert (caller.tenant, caller.key, caller.browser) == (house.tenant, id, SHOP)
    assert (caller.tier, caller.scopes) == (TIERS["unlimited"], {Scope.SEARCH})


def test_every_wrong_key_is_refused_in_the_same_words(house: House) -> None:
    _, right = house.key()
    _, public = house.key(Wanted(browser=SHOP))
    wrong = [
        "",
        "nonsense",
        right[:-1],
        right[:-1] + ("0" if right[-1] != "0" else "1"),
        right.upper(),
        right.replace("sk_", "pk_"),
        public.replace("pk_", "sk_"),
        "sk_0123456789abcdef_" + "0" * 48,
        "é" * 70,
    ]
    said = set()
    for text in wrong:
        with pytest.raises(Unauthorized) as caught:
            house.callers.authenticate(text)
        said.add(caught.value.detail)
    assert len(said) == 1


def test_a_request_costs_no_look_up_for_some_seconds(house: House) -> None:
    _, text = house.key()
    for _ in range(10):
        house.callers.authenticate(text)
    assert house.store.reads == 1


def test_a_revoked_key_ends_everywhere_within_seconds(house: House) -> None:
    id, text = house.key()
    house.callers.authenticate(text)
    house.accounts.revoke_key(house.tenant, id)
    house.clock.passes(IN_FORCE_WITHIN_S)
    with pytest.raises(Unauthorized, match="revoked"):
        house.callers.authenticate(text)


def test_a_tier_is_in_force_everywhere_within_seconds(house: House) -> None:
    _, text = house.key()
    house.callers.authenticate(text)
    house.accounts.change_tier(house.tenant, "free")
    house.clock.passes(IN_FORCE_WITHIN_S)
    assert house.callers.authenticate(text).tier == TIERS["free"]


def test_a_key_expires_to_the_second(house: House) -> None:
    _, text = house.key(Wanted(expires_at=MONDAY.replace(hour=13)))
    house.clock.passes(3599)
    house.callers.authenticate(text)
    house.clock.passes(1)
    with pytest.raises(Unauthorized, match="expired"):
        house.callers.authenticate(text)


def test_a_deleted_tenant_s_key_is_unknown(house: House) -> None:
    _, text = house.key()
    del house.store.by_id[house.tenant]
    with pytest.raises(Unauthorized, match="not valid"):
        house.callers.authenticate(text)


def test_strangers_do_not_fill_the_memory(house: House) -> None:
    for number in range(10_050):
        with pytest.raises(Unauthorized):
            house.callers.authenticate(f"sk_{number:016x}_{'0' * 48}")
    assert len(house.callers._seen) <= 10_000


def test_a_scope_that_the_key_lacks_is_forbidden(house: House) -> None:
    caller = house.callers.authenticate(house.key(Wanted(scopes=frozenset({Scope.SEARCH})))[1])
    caller.require(Scope.SEARCH)
    with pytest.raises(Forbidden, match="'catalog'; this one has search"):
        caller.require(Scope.CATALOG)


@pytest.mark.parametrize("origin", [None, "null", "https://shop.example.evil.test", "*"])
def test_a_public_key_is_for_its_pages_only(house: House, origin: str | None) -> None:
    caller = house.callers.authenticate(house.key(Wanted(browser=SHOP))[1])
    caller.require_origin("https://shop.example")
    with pytest.raises(WrongOrigin):
        caller.require_origin(origin)
    house.callers.authenticate(house.key()[1]).require_origin(origin)  # a secret key's may be any
