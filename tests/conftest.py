"""Fixtures for all tests: a real Valkey, one a test process; real engines, one a run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from lookalike.errors import Misconfigured
from lookalike.running.valkey import valkey_at, wait_until_ready
from tests.servers.elasticsearch import JAVA, Elasticsearch
from tests.servers.needs import NotHere
from tests.servers.opensearch import OpenSearch
from tests.servers.running import NotStarted, Recipe, shared
from tests.servers.triton import Triton

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


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--engine elasticsearch-8.16` runs what needs an Elasticsearch on that version."""
    parser.addoption(
        "--engine", default="elasticsearch-9.4", choices=sorted(JAVA), help="which Elasticsearch"
    )


def url_of(recipe: Recipe, factory: pytest.TempPathFactory) -> str:
    """The URL of a server that all processes of this run share: one that the environment names, or
    one of our own, started by the first that needs it."""
    if named := os.environ.get(f"LOOKALIKE_TEST_{recipe.name.split('-')[0].upper()}_URL"):
        return named
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    folder = factory.getbasetemp()
    try:
        return shared(
            recipe,
            folder.parent if is_worker else folder,
            os.getppid() if is_worker else os.getpid(),
        )
    except NotHere as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def elasticsearch_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The URL of a real Elasticsearch."""
    return url_of(Elasticsearch(request.config.getoption("--engine")), tmp_path_factory)


@pytest.fixture(scope="session")
def opensearch_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a real OpenSearch."""
    return url_of(OpenSearch(), tmp_path_factory)


@pytest.fixture(scope="session")
def triton_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a real Triton that serves the built-in pack."""
    try:
        return url_of(Triton(), tmp_path_factory)
    except NotStarted as error:
        # Its binary is for one kind of Linux, and brings half of that along.
        if os.environ.get("CI"):
            raise
        pytest.skip(f"Triton does not start on this machine: {error}")
