"""Who may do what: tenants and their API keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Scope(StrEnum):
    """What a key opens: writing and reading products, searching, its tenant's keys and usage."""

    CATALOG = "catalog"
    SEARCH = "search"
    ADMIN = "admin"


class KeyState(StrEnum):
    """Whether a key opens anything."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One merchant, or one shop of his. `id` is a UUID: the namespace of his products' ids."""

    id: str
    name: str
    tier: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """What a public key is fit for: the pages of these origins, as browsers name them, and from one
    address `burst` requests at once (`accounts/limits.py`)."""

    origins: frozenset[str]
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One key, without its secret: only `secret_hash` (SHA-256 in hex) is kept.

    `id` is public, it is the middle of `sk_<id>_<secret>`. A public key, `pk_<id>_<secret>`, stands
    in web pages for everyone to read: it has a `browser`, and the scope SEARCH alone. A key opens
    nothing once it is revoked, nor from `expires_at` on.
    """

    id: str
    tenant: str
    label: str
    scopes: frozenset[Scope]
    secret_hash: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    browser: Browser | None = None

    def state(self, now: datetime) -> KeyState:
        """Whether the key opens anything at this time, and if not, why."""
        if self.revoked_at:
            return KeyState.REVOKED
        expired = self.expires_at is not None and self.expires_at <= now
        return KeyState.EXPIRED if expired else KeyState.ACTIVE


class AccountStore(Protocol):
    """Tenants, keys and usage, kept in the same engine as the products. Raises `IndexAway`.

    What one process has saved, every other reads at once, in lists too: accounts change rarely, so
    an engine may wait for its refresh.
    """

    def tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""

    def tenant(self, id: str) -> Tenant | None:
        """The tenant with this id."""

    def open(self, tenant: Tenant, key: ApiKey) -> bool:
        """Stores the first tenant of an installation with its first key, both or neither; False
        if there is a tenant already."""

    def save_tenant(self, tenant: Tenant) -> None:
        """Stores a new tenant, or a known one's new state."""

    def delete_tenant(self, id: str) -> None:
        """Removes a tenant with its keys and its usage, if it is there. The tenant goes last, so
        that a deletion that was cut off can be repeated."""

    def key(self, id: str) -> ApiKey | None:
        """The key with this public id, revoked or not."""

    def keys(self, tenant: str) -> list[ApiKey]:
        """The tenant's keys, oldest first, revoked ones included."""

    def save_key(self, key: ApiKey) -> None:
        """Stores a new key, or a known one's new state. A key that is revoked stays so, whatever is
        saved over it: nobody who changes it meanwhile shall bring it back."""

    def usage(self, tenant: str, month: str) -> int:
        """How many searches of a calendar month (`2026-03`) were saved; 0 for a month without."""

    def save_usage(self, tenant: str, month: str, searches: int) -> None:
        """Saves a month's searches; never lowers what is there."""

    def close(self) -> None:
        """Gives back connections; the store is not used afterwards."""
