"""Who a request's key belongs to. What is known of a key is remembered for seconds, so that a
request costs no look-up, and what an operator changes is in force everywhere soon."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lookalike.accounts import keys
from lookalike.accounts.model import AccountStore, ApiKey, Browser, KeyState, Scope
from lookalike.accounts.tiers import TIERS, Tier
from lookalike.errors import Forbidden, Unauthorized, WrongOrigin

REMEMBERED_S = 3.0
"""A revoked key works for at most this long in a process that has just seen it."""

_REMEMBERED_KEYS = 10_000

_WRONG = "This API key is not valid. Check it for missing characters, or ask for a new one."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a tenant, through one of his keys. With a `browser` the key is a public one."""

    tenant: str
    tier: Tier
    key: str
    scopes: frozenset[Scope]
    browser: Browser | None = None

    def require(self, scope: Scope) -> None:
        """Raises `Forbidden` unless the key has the scope."""
        if scope not in self.scopes:
            raise Forbidden(
                f"This needs a key with the scope '{scope}'; this one has "
                f"{', '.join(sorted(self.scopes)) or 'none'}."
            )

    def may_come_from(self, origin: str | None) -> bool:
        """Whether a page of this origin (None: no page at all) may use the key."""
        return self.browser is None or origin in self.browser.origins

    def require_origin(self, origin: str | None) -> None:
        """Raises `WrongOrigin` unless a page of this origin may use the key."""
        if not self.may_come_from(origin):
            raise WrongOrigin(
                "This public key works only in the web pages that it was made for, and this "
                "request comes from none of them. Add the page's origin to the key, or use a "
                "secret key on a server."
            )


class Callers:
    """Tells whose keys requests carry. Thread-safe."""

    def __init__(
        self,
        store: AccountStore,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._clock = clock
        self._now = now
        self._seen: dict[str, tuple[float, tuple[ApiKey, Tier] | None]] = {}

    def authenticate(self, text: str) -> Caller:
        """Whose key this is. Raises `Unauthorized`: in the same words for whatever is no key of
        ours, so that guessing teaches nothing."""
        parts = keys.split(text)
        known = self._known(parts.id) if parts else None
        if parts is None or known is None or not keys.opens(known[0], parts):
            raise Unauthorized(_WRONG)
        key, tier = known
        if (state := key.state(self._now())) is not KeyState.ACTIVE:
            raise Unauthorized(f"This API key is {state}. Ask for a new one.")
        return Caller(key.tenant, tier, key.id, key.scopes, key.browser)

    def _known(self, id: str) -> tuple[ApiKey, Tier] | None:
        now = self._clock()
        seen = self._seen.get(id)
        if seen and now - seen[0] < REMEMBERED_S:
            return seen[1]
        known = self._read(id)
        if len(self._seen) >= _REMEMBERED_KEYS:
            self._seen.clear()
        self._seen[id] = (now, known)
        return known

    def _read(self, id: str) -> tuple[ApiKey, Tier] | None:
        key = self._store.key(id)
        tenant = self._store.tenant(key.tenant) if key else None
        return (key, TIERS[tenant.tier]) if key and tenant else None
