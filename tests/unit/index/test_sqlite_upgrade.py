"""A file that an earlier version wrote comes up to date with all that is in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lookalike.accounts.model import ApiKey, Scope, Tenant
from lookalike.index.sqlite import schema
from lookalike.index.sqlite.accounts import SqliteAccountStore
from tests.unit.index.harness import TENANT, open_index, put

MOMENT = "2026-03-02T12:00:00.000000+00:00"


def write_file(path: Path, version: int) -> None:
    """A file as the version left it that knew so many steps, with a tenant and its key."""
    with closing(sqlite3.connect(path)) as connection:
        for step in schema._STEPS[:version]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema._APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("INSERT INTO tenant VALUES (?, 'Shop', 'pro', ?)", (TENANT, MOMENT))
        connection.execute(
            "INSERT INTO api_key (id, tenant, label, scopes, secret_hash, created_at) "
            "VALUES ('k1', ?, 'till', 'search', 'ab', ?)",
            (TENANT, MOMENT),
        )
        connection.commit()


@pytest.mark.parametrize("version", range(1, len(schema._STEPS)))
def test_accounts_of_an_earlier_version_are_kept(path: Path, version: int) -> None:
    write_file(path, version)
    with closing(SqliteAccountStore(path)) as store:
        (tenant,) = store.tenants()
        (key,) = store.keys(TENANT)
        assert tenant == Tenant(id=TENANT, name="Shop", tier="pro", created_at=tenant.created_at)
        assert key == ApiKey(
            id="k1",
            tenant=TENANT,
            label="till",
            scopes=frozenset({Scope.SEARCH}),
            secret_hash="ab",
            created_at=tenant.created_at,
        )
        assert tenant.created_at.isoformat(timespec="microseconds") == MOMENT
        store.save_usage(TENANT, "2026-03", 5)
        assert store.usage(TENANT, "2026-03") == 5


@pytest.mark.parametrize("version", range(1, len(schema._STEPS)))
def test_products_can_be_written_to_a_file_of_an_earlier_version(path: Path, version: int) -> None:
    write_file(path, version)
    with closing(open_index(path)) as index:
        put(index, "a")
        assert index.counts(TENANT).stored == 1
