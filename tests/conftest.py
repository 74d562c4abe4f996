"""Fixtures for all tests: a real Valkey, one a test process."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
import redis

from lookalike.running.valkey import valkey_at, wait_until_ready


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Valkey of this test process's own."""
    argv, url = valkey_at(tmp_path_factory.mktemp("valkey"))
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    wait_until_ready(url, process, 30)
    yield url
    process.terminate()
    process.wait()


@pytest.fixture
def redis_url(valkey: str) -> Iterator[str]:
    """The URL of an empty Valkey."""
    with redis.Redis.from_url(valkey) as connection:
        connection.flushall()
    yield valkey


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of an empty Valkey."""
    with redis.Redis.from_url(redis_url) as connection:
        yield connection
