"""The adapters that the suites of the product index and the account store run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lookalike.accounts.model import AccountStore
from lookalike.index.protocol import ProductIndex
from lookalike.index.sqlite.accounts import SqliteAccountStore
from tests.contract.harness import ENGINES, SPACE, Engine


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return ENGINES[request.param](tmp_path)


@pytest.fixture
def index(engine: Engine) -> Iterator[ProductIndex]:
    opened = engine.open(SPACE)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite"])
def open_accounts(tmp_path: Path) -> Iterator[Callable[[], AccountStore]]:
    """Opens account stores over the same file, each as another process would."""
    opened: list[SqliteAccountStore] = []

    def open_one() -> AccountStore:
        opened.append(SqliteAccountStore(tmp_path / "catalogue.sqlite3"))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()
