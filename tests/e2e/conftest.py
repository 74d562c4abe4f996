"""Real processes: the web and the workers as their commands start them, a real Valkey, and a
picture host on loopback."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike.demo.photos import read_photos
from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from tests.contract.harness import remove
from tests.e2e.harness import Commands

SHOPS = Path(__file__).parents[3] / "shared" / "data" / "shops"


@pytest.fixture(scope="session")
def shops() -> Path:
    """The folder of real shop photographs."""
    if not SHOPS.is_dir():
        reason = f"there are no photographs at {SHOPS}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return SHOPS


@pytest.fixture
def bagisto(shops: Path) -> list[CatalogueRow]:
    return read_photos(shops / "bagisto")


@pytest.fixture
def picture_host(shops: Path) -> Iterator[PictureHost]:
    with PictureHost(shops, 0) as host:
        yield host


@pytest.fixture
def commands(request: pytest.FixtureRequest, tmp_path: Path, redis_url: str) -> Iterator[Commands]:
    """Commands over a Valkey, and over an index of this test's own: the embedded one, or on the
    engine that the test's parameter names."""
    made = Commands(tmp_path / "data", redis_url)
    kind = getattr(request, "param", "sqlite")
    if kind != "sqlite":
        url, prefix = request.getfixturevalue(f"{kind}_url"), f"t{secrets.token_hex(6)}"
        made.environment["LOOKALIKE_INDEX_URL"] = f"{kind}+{url}"
        made.environment["LOOKALIKE_INDEX_PREFIX"] = prefix
    yield made
    made.end()
    if kind != "sqlite":
        remove(kind, url, prefix)
