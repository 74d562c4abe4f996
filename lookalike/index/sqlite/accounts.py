"""Tenants and keys in the file of the products: the embedded `AccountStore`."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from lookalike.accounts.model import ApiKey, Scope, Tenant
from lookalike.index.sqlite.connection import Connections
from lookalike.index.sqlite.schema import prepare

_SELECT_KEYS = "SELECT id, tenant, label, scopes, secret_hash, created_at, revoked_at FROM api_key "
_KeyRow = tuple[str, str, str, str, str, str, str | None]


class SqliteAccountStore:
    """Accounts in a SQLite file. Thread-safe; make one in each process, after forks."""

    def __init__(self, path: Path) -> None:
        prepare(path)
        self._connections = Connections(path)

    def tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT id, name, tier, created_at FROM tenant ORDER BY created_at, id"
            ).fetchall()
        return [
            Tenant(id=id, name=name, tier=tier, created_at=datetime.fromisoformat(created_at))
            for id, name, tier, created_at in rows
        ]

    def open(self, tenant: Tenant, key: ApiKey) -> bool:
        """Stores the first tenant with its first key, both or neither; False if there is one."""
        with self._connections.writing() as connection:
            if connection.execute("SELECT 1 FROM tenant").fetchone():
                return False
            connection.execute(
                "INSERT INTO tenant (id, name, tier, created_at) VALUES (?, ?, ?, ?)",
                (tenant.id, tenant.name, tenant.tier, _timestamp(tenant.created_at)),
            )
            _save(connection, key)
            return True

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
        """Stores a new key, or a known one's new state."""
        with self._connections.writing() as connection:
            _save(connection, key)

    def close(self) -> None:
        """Closes the file."""
        self._connections.close()


def _save(connection: sqlite3.Connection, key: ApiKey) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO api_key "
        "(id, tenant, label, scopes, secret_hash, created_at, revoked_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            key.id,
            key.tenant,
            key.label,
            " ".join(sorted(key.scopes)),
            key.secret_hash,
            _timestamp(key.created_at),
            _timestamp(key.revoked_at) if key.revoked_at else None,
        ),
    )


def _key(row: _KeyRow) -> ApiKey:
    id, tenant, label, scopes, secret_hash, created_at, revoked_at = row
    return ApiKey(
        id=id,
        tenant=tenant,
        label=label,
        scopes=frozenset(Scope(scope) for scope in scopes.split()),
        secret_hash=secret_hash,
        created_at=datetime.fromisoformat(created_at),
        revoked_at=datetime.fromisoformat(revoked_at) if revoked_at else None,
    )


def _timestamp(moment: datetime) -> str:
    """Text of one width in UTC, which sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
