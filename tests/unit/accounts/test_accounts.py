"""Keys: minted once, checked always, revoked within seconds."""

from __future__ import annotations

import pytest

from lookalike.accounts import keys
from lookalike.accounts.accounts import Accounts
from lookalike.accounts.model import ApiKey, Scope, Tenant
from lookalike.errors import Forbidden, NotFound, Unauthorized


class MemoryStore:
    """An AccountStore for one process."""

    def __init__(self) -> None:
        self._tenants: list[Tenant] = []
        self._keys: dict[str, ApiKey] = {}

    def tenants(self) -> list[Tenant]:
        return self._tenants

    def open(self, tenant: Tenant, key: ApiKey) -> bool:
        if self._tenants:
            return False
        self._tenants.append(tenant)
        self.save_key(key)
        return True

    def key(self, id: str) -> ApiKey | None:
        return self._keys.get(id)

    def keys(self, tenant: str) -> list[ApiKey]:
        return [key for key in self._keys.values() if key.tenant == tenant]

    def save_key(self, key: ApiKey) -> None:
        self._keys[key.id] = key


def test_the_first_key_is_given_once_and_opens_everything() -> None:
    store = MemoryStore()
    text = Accounts(store).open()
    assert text is not None
    assert Accounts(store).open() is None
    caller = Accounts(store).authenticate(text)
    assert caller.scopes == frozenset(Scope)
    assert caller.tier.batch_size == 100


def test_the_store_never_holds_the_secret() -> None:
    store = MemoryStore()
    text = Accounts(store).create_key("shop", frozenset({Scope.SEARCH}))
    parts = keys.split(text)
    assert parts is not None
    assert parts[1] not in repr(store.key(parts[0]))


def test_every_wrong_key_is_refused_in_the_same_words() -> None:
    store = MemoryStore()
    right = Accounts(store).create_key("", frozenset({Scope.SEARCH}))
    wrong = ["", "nonsense", right[:-1], right[:-1] + ("0" if right[-1] != "0" else "1"), "é" * 70]
    said = set()
    for text in wrong:
        with pytest.raises(Unauthorized) as caught:
            Accounts(store).authenticate(text)
        said.add(caught.value.detail)
    assert len(said) == 1


def test_a_scope_that_the_key_lacks_is_forbidden() -> None:
    store = MemoryStore()
    caller = Accounts(store).authenticate(Accounts(store).create_key("", frozenset({Scope.SEARCH})))
    caller.require(Scope.SEARCH)
    with pytest.raises(Forbidden):
        caller.require(Scope.CATALOG)


def test_a_revoked_key_ends_everywhere_within_seconds() -> None:
    store, now = MemoryStore(), [0.0]
    here, elsewhere = Accounts(store), Accounts(store, clock=lambda: now[0])
    text = here.create_key("", frozenset({Scope.SEARCH}))
    elsewhere.authenticate(text)
    here.revoke_key(text.split("_")[1])
    with pytest.raises(Unauthorized):
        here.authenticate(text)
    now[0] = 5.0
    with pytest.raises(Unauthorized):
        elsewhere.authenticate(text)


def test_revoking_an_unknown_key_says_so() -> None:
    with pytest.raises(NotFound):
        Accounts(MemoryStore()).revoke_key("0000000000000000")
