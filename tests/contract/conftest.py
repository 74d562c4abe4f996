"""The adapters that the suites of the product index and the account store run on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lookalike.accounts.model import AccountStore
from lookalike.index.engine.accounts import EngineAccountStore
from lookalike.index.engine.setup import Naming, prepare_accounts
from lookalike.index.protocol import ProductIndex
from lookalike.index.sqlite.accounts import SqliteAccountStore
from tests.contract.harness import (
    ENGINES,
    SPACE,
    Engine,
    connect,
    remote_engine,
    remove,
    sqlite_engine,
)


@pytest.fixture(params=ENGINES)
def kind(request: pytest.FixtureRequest) -> str:
    """Which engine it is."""
    return str(request.param)


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest) -> str:
    """The URL of the engine's server; none for the embedded one."""
    return "" if kind == "sqlite" else str(request.getfixturevalue(f"{kind}_url"))


@pytest.fixture
def prefix(kind: str, server: str) -> Iterator[str]:
    """What the indices of this test begin with."""
    made = f"t{secrets.token_hex(6)}"
    yield made
    if server:
        remove(kind, server, made)


@pytest.fixture
def engine(kind: str, server: str, prefix: str, tmp_path: Path) -> Engine:
    return remote_engine(kind, server, prefix) if server else sqlite_engine(tmp_path)


@pytest.fixture
def index(engine: Engine) -> Iterator[ProductIndex]:
    opened = engine.open(SPACE)
    yield opened
    opened.close()


@pytest.fixture
def open_accounts(
    kind: str, server: str, prefix: str, tmp_path: Path
) -> Iterator[Callable[[], AccountStore]]:
    """Opens account stores over the same accounts, each as another process would."""
    opened: list[AccountStore] = []

    def open_one() -> AccountStore:
        if server:
            engine = connect(kind, server)
            opened.append(EngineAccountStore(engine, prepare_accounts(engine, Naming(prefix))))
        else:
            opened.append(SqliteAccountStore(tmp_path / "catalogue.sqlite3"))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()
