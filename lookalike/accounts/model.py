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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One merchant, or one shop of his. `id` is a UUID: the namespace of his products' ids."""

    id: str
    name: str
    tier: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One key, without its secret: only `secret_hash` (SHA-256 in hex) is kept.

    `id` is public, it is the middle of `sk_<id>_<secret>`.
    """

    id: str
    tenant: str
    label: str
    scopes: frozenset[Scope]
    secret_hash: str
    created_at: datetime
    revoked_at: datetime | None = None


class AccountStore(Protocol):
    """Tenants and keys, kept in the same engine as the products. Raises `IndexAway`."""

    def tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""

    def open(self, tenant: Tenant, key: ApiKey) -> bool:
        """Stores the first tenant of an installation with its first key, both or neither; False
        if there is a tenant already."""

    def key(self, id: str) -> ApiKey | None:
        """The key with this public id, revoked or not."""

    def keys(self, tenant: str) -> list[ApiKey]:
        """The tenant's keys, oldest first, revoked ones included."""

    def save_key(self, key: ApiKey) -> None:
        """Stores a new key, or a known one's new state."""
