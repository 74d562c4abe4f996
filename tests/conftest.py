"""Fixtures for all tests: a real Valkey, one a test process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from lookalike.errors import Misconfigured
from lookalike.running.valkey import valkey_at, wait_until_ready

StartValkey = Callable[[Path], tuple[str, subprocess.Popen[bytes]]]


@pytest.fixture(scope="session")
def start_valkey() -> Iterator[StartValkey]:
    """Starts a Valkey over a folder; gives its URL and its process, which ends with the tests."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(folder: Path) -> tuple[str, subprocess.Popen[bytes]]:
        try:
            argv, url = valkey_at(folder)
        except Misconfigured as error:
            pytest.fail(error.detail) if os.environ.get("CI") else pytest.skip(error.detail)
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, start_new_session=True)
        processes.append(process)
        wait_until_ready(url, process, 30)
        return url, process

    yield start
    for process in processes:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def valkey(start_valkey: StartValkey, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a Valkey of this test process's own."""
    return start_valkey(tmp_path_factory.mktemp("valkey"))[0]


@pytest.fixture
def redis_url(valkey: str) -> str:
    """The URL of an empty Valkey."""
    with redis.Redis.from_url(valkey) as connection:
        connection.flushall()
    return valkey


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of an empty Valkey."""
    with redis.Redis.from_url(redis_url) as connection:
        yield connection


def server_url(name: str) -> str:
    """The URL of a running server that the environment names."""
    variable = f"LOOKALIKE_TEST_{name.upper()}_URL"
    if url := os.environ.get(variable):
        return url
    sentence = f"{variable} names no server."
    if os.environ.get("CI"):
        raise RuntimeError(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def elasticsearch_url() -> str:
    """The URL of an Elasticsearch."""
    return server_url("elasticsearch")


@pytest.fixture(scope="session")
def opensearch_url() -> str:
    """The URL of an OpenSearch."""
    return server_url("opensearch")
