"""Accounts at work: the first tenant, its keys, and who a request's key belongs to."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lookalike.accounts import keys
from lookalike.accounts.model import AccountStore, ApiKey, Scope, Tenant
from lookalike.accounts.tiers import TIERS, Tier
from lookalike.errors import Forbidden, NotFound, Unauthorized

_REMEMBERED_S = 3.0
"""A revoked key works for at most this long in a process that has just seen it."""

_REMEMBERED_KEYS = 10_000

_WRONG = "This API key is not valid. Check it for missing characters, or ask for a new one."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a tenant, through one of his keys."""

    tenant: str
    tier: Tier
    key: str
    scopes: frozenset[Scope]

    def require(self, scope: Scope) -> None:
        """Raises `Forbidden` unless the key has the scope."""
        if scope not in self.scopes:
            raise Forbidden(
                f"This needs a key with the scope '{scope}'; this one has "
                f"{', '.join(sorted(self.scopes)) or 'none'}."
            )


class Accounts:
    """Tenants and keys over an `AccountStore`; keys are remembered for seconds. Thread-safe."""

    def __init__(self, store: AccountStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._seen: dict[str, tuple[float, tuple[ApiKey, Tier] | None]] = {}

    def open(
        self, label: str = "first key", scopes: frozenset[Scope] = frozenset(Scope)
    ) -> str | None:
        """Makes the first tenant and its first key where there is none yet, and gives the key's
        text, this once; None where the installation has a tenant already."""
        now = datetime.now(UTC)
        tenant = Tenant(id=str(uuid.uuid4()), name="default", tier="unlimited", created_at=now)
        key, text = keys.mint(tenant.id, label, scopes, now)
        return text if self._store.open(tenant, key) else None

    def create_key(self, label: str, scopes: frozenset[Scope]) -> str:
        """A new key of the installation's tenant; its text is shown this once."""
        if first := self.open(label, scopes):
            return first
        key, text = keys.mint(self._store.tenants()[0].id, label, scopes, datetime.now(UTC))
        self._store.save_key(key)
        return text

    def list_keys(self) -> list[ApiKey]:
        """Every key of every tenant, oldest first."""
        return [key for tenant in self._store.tenants() for key in self._store.keys(tenant.id)]

    def revoke_key(self, id: str) -> None:
        """Ends a key, in force everywhere within seconds. Raises `NotFound`."""
        key = self._store.key(id)
        if key is None:
            raise NotFound(f"There is no key {id}. `lookalike keys list` shows them.")
        self._store.save_key(replace(key, revoked_at=datetime.now(UTC)))
        self._seen.pop(id, None)

    def authenticate(self, text: str) -> Caller:
        """Whose key this is. Raises `Unauthorized`, always with the same words."""
        parts = keys.split(text)
        known = self._known(parts[0]) if parts else None
        if parts is None or known is None:
            raise Unauthorized(_WRONG)
        key, tier = known
        if key.revoked_at or not keys.opens(key, parts[1]):
            raise Unauthorized(_WRONG)
        return Caller(key.tenant, tier, key.id, key.scopes)

    def _known(self, id: str) -> tuple[ApiKey, Tier] | None:
        now = self._clock()
        seen = self._seen.get(id)
        if seen and now - seen[0] < _REMEMBERED_S:
            return seen[1]
        known = self._read(id)
        if len(self._seen) >= _REMEMBERED_KEYS:
            self._seen.clear()
        self._seen[id] = (now, known)
        return known

    def _read(self, id: str) -> tuple[ApiKey, Tier] | None:
        key = self._store.key(id)
        tenants = {tenant.id: tenant for tenant in self._store.tenants()}
        return (key, TIERS[tenants[key.tenant].tier]) if key else None
