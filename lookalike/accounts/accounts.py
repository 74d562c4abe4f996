"""Tenants and their keys, as operators and a tenant's admin keys manage them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from lookalike.accounts import keys
from lookalike.accounts.callers import REMEMBERED_S
from lookalike.accounts.keys import Wanted
from lookalike.accounts.model import AccountStore, ApiKey, Browser, KeyState, Scope, Tenant
from lookalike.accounts.tiers import tier as checked_tier
from lookalike.errors import Invalid, NotFound
from lookalike.index.protocol import ProductIndex
from lookalike.search.events import EventLog

IN_FORCE_WITHIN_S = REMEMBERED_S + 2.0
"""What is changed here is in force in every process after this time."""

LONGEST_NAME = 256

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
"""A later one may have no form in UTC."""

FIRST_KEY = Wanted(label="first key", scopes=frozenset(Scope))


class KeyChanges(TypedDict, total=False):
    """What of a key is to change; what is not named stays."""

    label: str
    expires_at: datetime | None
    origins: frozenset[str]
    burst: int


class Accounts:
    """Tenants and keys over an `AccountStore`. A key's text is given once, when it is made."""

    def __init__(
        self,
        store: AccountStore,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._now = now
        self._wait = wait

    def open(self, wanted: Wanted = FIRST_KEY) -> str | None:
        """Makes the first tenant, which has no limits, and its first key where there is none yet,
        and gives the key's text; None where the installation has a tenant already."""
        tenant = self._new_tenant("default", "unlimited")
        key, text = self._mint(tenant.id, wanted)
        return text if self._store.open(tenant, key) else None

    def tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""
        return self._store.tenants()

    def tenant(self, id: str | None) -> Tenant:
        """The tenant with this id; None means the only one. Raises `NotFound` and `Invalid`."""
        if id is None:
            return self._only_tenant()
        if found := self._store.tenant(id):
            return found
        raise NotFound(f"There is no tenant {id}. `lookalike tenants list` shows them.")

    def create_tenant(self, name: str, tier: str) -> tuple[Tenant, str]:
        """A new tenant, and the text of its first key, which may do everything. Raises `Invalid`
        for an unknown tier or a name that is none."""
        tenant = self._new_tenant(_printable(name, "name"), checked_tier(tier).name)
        key, text = self._mint(tenant.id, FIRST_KEY)
        self._store.save_tenant(tenant)
        self._store.save_key(key)
        return tenant, text

    def change_tier(self, id: str, tier: str) -> Tenant:
        """Gives a tenant another tier. Raises `NotFound`, and `Invalid` for an unknown tier."""
        changed = replace(self.tenant(id), tier=checked_tier(tier).name)
        self._store.save_tenant(changed)
        return changed

    def delete_tenant(self, id: str, index: ProductIndex, events: EventLog) -> None:
        """Removes a tenant with all it owns: products, what its shoppers asked, keys, usage. Its
        keys go first, and nothing else before they are refused everywhere, so it takes seconds. One
        that was cut off can be repeated. Raises `NotFound` and `IndexAway`."""
        self.tenant(id)
        for key in self._store.keys(id):
            self.revoke_key(id, key.id)
        self._wait(IN_FORCE_WITHIN_S)
        index.delete_tenant(id)
        events.forget_tenant(id)
        self._store.delete_tenant(id)

    def keys(self, tenant: str) -> list[ApiKey]:
        """The tenant's keys, oldest first, revoked ones included."""
        return self._store.keys(tenant)

    def key(self, tenant: str, id: str) -> ApiKey:
        """One key. Raises `NotFound`, for another tenant's too."""
        key = self._store.key(id)
        if key is None or key.tenant != tenant:
            raise NotFound(f"There is no key {id[:64]!r}.")
        return key

    def owner(self, key: str) -> str:
        """The tenant of a key, for operators, who may manage everyone's. Raises `NotFound`."""
        if found := self._store.key(key):
            return found.tenant
        raise NotFound(f"There is no key {key}. `lookalike keys list` shows them.")

    def create_key(self, tenant: str, wanted: Wanted) -> tuple[ApiKey, str]:
        """A new key and its text. Raises `Invalid`."""
        key, text = self._mint(tenant, wanted)
        self._store.save_key(key)
        return key, text

    def rotate_key(self, tenant: str, id: str, overlap: timedelta) -> tuple[ApiKey, str]:
        """A new key that may do what the old one may, and its text. The old one goes on for the
        overlap, so that nobody is locked out meanwhile. Raises `NotFound`, and `Invalid` for a key
        that opens nothing any more."""
        old = self.key(tenant, id)
        now = self._now()
        if (state := old.state(now)) is not KeyState.ACTIVE:
            raise Invalid(f"The key {id} is {state}. Make a new one instead.")
        wanted = Wanted(label=old.label, scopes=old.scopes, browser=old.browser)
        made = self.create_key(tenant, wanted)
        last = now + overlap
        ends = min(last, old.expires_at) if old.expires_at else last
        self._store.save_key(replace(old, expires_at=ends))
        return made

    def change_key(self, tenant: str, id: str, changes: KeyChanges) -> ApiKey:
        """Changes what is named. Raises `NotFound` and `Invalid`."""
        key = self.key(tenant, id)
        key = replace(
            key,
            label=_printable(changes.get("label", key.label), "label"),
            browser=_changed_browser(key.browser, changes),
        )
        if "expires_at" in changes:
            key = replace(key, expires_at=self._future(changes["expires_at"]))
        self._store.save_key(key)
        return key

    def revoke_key(self, tenant: str, id: str) -> None:
        """Ends a key, in force everywhere within seconds; again is the same. Raises `NotFound`."""
        key = self.key(tenant, id)
        if key.revoked_at is None:
            self._store.save_key(replace(key, revoked_at=self._now()))

    def _only_tenant(self) -> Tenant:
        tenants = self._store.tenants()
        if len(tenants) == 1:
            return tenants[0]
        if not tenants:
            raise NotFound("There is no tenant yet. `lookalike keys create` makes the first.")
        raise Invalid("There are several tenants. Say which; `lookalike tenants list` shows them.")

    def _new_tenant(self, name: str, tier: str) -> Tenant:
        return Tenant(id=str(uuid.uuid4()), name=name, tier=tier, created_at=self._now())

    def _mint(self, tenant: str, wanted: Wanted) -> tuple[ApiKey, str]:
        _printable(wanted.label, "label")
        self._future(wanted.expires_at)
        if wanted.browser:
            _check_public(wanted.browser, wanted.scopes)
        return keys.mint(tenant, wanted, self._now())

    def _future(self, at: datetime | None) -> datetime | None:
        if at and not self._now() < at < _END_OF_TIME:
            detail = "A key can only expire in the future, before 9999. To end it now, revoke it."
            raise Invalid(detail, {"expires_at": [detail]})
        return at


def _changed_browser(browser: Browser | None, changes: KeyChanges) -> Browser | None:
    if browser is None:
        if named := sorted({"origins", "burst"} & set(changes)):
            detail = "Only a public key has this: a secret key never stands in a page."
            raise Invalid(detail, {name: [detail] for name in named})
        return None
    changed = Browser(
        origins=changes.get("origins", browser.origins), burst=changes.get("burst", browser.burst)
    )
    _check_public(changed, None)
    return changed


def _check_public(browser: Browser, scopes: frozenset[Scope] | None) -> None:
    if not browser.origins:
        detail = "A public key needs at least one origin, e.g. https://shop.example."
        raise Invalid(detail, {"origins": [detail]})
    if scopes is not None and scopes != {Scope.SEARCH}:
        detail = "A public key stands in a page for everyone to read, so it may only search."
        raise Invalid(detail, {"scopes": [detail]})


def _printable(text: str, field: str) -> str:
    """A name that can be shown in a terminal and in a log. Raises `Invalid`."""
    if len(text) > LONGEST_NAME or not text.isprintable():
        detail = f"Must be at most {LONGEST_NAME} characters, without control characters."
        raise Invalid(f"This {field} cannot be used. {detail}", {field: [detail]})
    return text
