"""Tenants, keys and usage in the file of the products: the embedded `AccountStore`."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from lookalike.accounts.model import ApiKey, Browser, Scope, Tenant
from lookalike.index.sqlite.connection import Connections
from lookalike.index.sqlite.schema import prepare

_SELECT_TENANTS = "SELECT id, name, tier, created_at FROM tenant "
_TenantRow = tuple[str, str, str, str]

_SELECT_KEYS = (
    "SELECT id, tenant, label, scopes, secret_hash, created_at, expires_at, revoked_at, origins, "
    "burst FROM api_key "
)
_KeyRow = tuple[str, str, str, str, str, str, str | None, str | None, str | None, int]


class SqliteAccountStore:
    """Accounts in a SQLite file. Thread-safe; make one in each process, after forks."""

    def __init__(self, path: Path) -> None:
        prepare(path)
        self._connections = Connections(path)

    def tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""
        with self._connections.reading() as connection:
            rows = connection.execute(_SELECT_TENANTS + "ORDER BY created_at, id").fetchall()
        return [_tenant(row) for row in rows]

    def tenant(self, id: str) -> Tenant | None:
        """The tenant with this id."""
        with self._connections.reading() as connection:
            row = connection.execute(_SELECT_TENANTS + "WHERE id = ?", (id,)).fetchone()
        return _tenant(row) if row else None

    def open(self, tenant: Tenant, key: ApiKey) -> bool:
        """Stores the first tenant with its first key, both or neither; False if there is one."""
        with self._connections.writing() as connection:
            if connection.execute("SELECT 1 FROM tenant").fetchone():
                return False
            _save_tenant(connection, tenant)
            _save_key(connection, key)
            return True

    def save_tenant(self, tenant: Tenant) -> None:
        """Stores a new tenant, or a known one's new state."""
        with self._connections.writing() as connection:
            _save_tenant(connection, tenant)

    def delete_tenant(self, id: str) -> None:
        """Removes a tenant with its keys and its usage, if it is there."""
        with self._connections.writing() as connection:
            connection.execute("DELETE FROM usage WHERE tenant = ?", (id,))
            connection.execute("DELETE FROM api_key WHERE tenant = ?", (id,))
            connection.execute("DELETE FROM tenant WHERE id = ?", (id,))

    def key(self, id: str) -> ApiKey | None:
        """The key with this public id, revoked or not."""
        with self._connections.reading() as connection:
            row = connection.execute(_SELECT_KEYS + "WHERE id = ?", (id,)).fetchone()
        return _key(row) if row else None

    def keys(self, tenant: str) -> list[ApiKey]:
        """The tenant's keys, oldest first, revoked ones included."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                _SELECT_KEYS + "WHERE tenant = ? ORDER BY created_at, id", (tenant,)
            ).fetchall()
        return [_key(row) for row in rows]

    def save_key(self, key: ApiKey) -> None:
        """Stores a new key, or a known one's new state; one that is revoked stays so."""
        with self._connections.writing() as connection:
            _save_key(connection, key)

    def usage(self, tenant: str, month: str) -> int:
        """How many searches of a calendar month were saved."""
        with self._connections.reading() as connection:
            row = connection.execute(
                "SELECT searches FROM usage WHERE tenant = ? AND month = ?", (tenant, month)
            ).fetchone()
        return row[0] if row else 0

    def save_usage(self, tenant: str, month: str, searches: int) -> None:
        """Saves a month's searches; never lowers what is there."""
        with self._connections.writing() as connection:
            connection.execute(
                "INSERT INTO usage (tenant, month, searches) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET searches = max(searches, excluded.searches)",
                (tenant, month, searches),
            )

    def close(self) -> None:
        """Closes the file."""
        self._connections.close()


def _save_tenant(connection: sqlite3.Connection, tenant: Tenant) -> None:
    # No REPLACE: it would delete the row that the tenant's keys refer to.
    connection.execute(
        "INSERT INTO tenant (id, name, tier, created_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET name = excluded.name, tier = excluded.tier",
        (tenant.id, tenant.name, tenant.tier, _timestamp(tenant.created_at)),
    )


def _save_key(connection: sqlite3.Connection, key: ApiKey) -> None:
    connection.execute(
        "INSERT INTO api_key (id, tenant, label, scopes, secret_hash, created_at, expires_at, "
        "revoked_at, origins, burst) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET label = excluded.label, scopes = excluded.scopes, "
        "expires_at = excluded.expires_at, revoked_at = coalesce(revoked_at, excluded.revoked_at), "
        "origins = excluded.origins, burst = excluded.burst",
        (
            key.id,
            key.tenant,
            key.label,
            " ".join(sorted(key.scopes)),
            key.secret_hash,
            _timestamp(key.created_at),
            _timestamp(key.expires_at) if key.expires_at else None,
            _timestamp(key.revoked_at) if key.revoked_at else None,
            " ".join(sorted(key.browser.origins)) if key.browser else None,
            key.browser.burst if key.browser else None,
        ),
    )


def _tenant(row: _TenantRow) -> Tenant:
    id, name, tier, created_at = row
    return Tenant(id=id, name=name, tier=tier, created_at=datetime.fromisoformat(created_at))


def _key(row: _KeyRow) -> ApiKey:
    id, tenant, label, scopes, secret_hash, created_at, expires_at, revoked_at, origins, burst = row
    return ApiKey(
        id=id,
        tenant=tenant,
        label=label,
        scopes=frozenset(Scope(scope) for scope in scopes.split()),
        secret_hash=secret_hash,
        created_at=datetime.fromisoformat(created_at),
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        revoked_at=datetime.fromisoformat(revoked_at) if revoked_at else None,
        browser=None
        if origins is None
        else Browser(origins=frozenset(origins.split()), burst=burst),
    )


def _timestamp(moment: datetime) -> str:
    """Text of one width in UTC, which sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
