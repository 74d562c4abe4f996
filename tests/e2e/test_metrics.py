"""The operators' port of a running system: what all its processes counted, as its clients did."""

from __future__ import annotations

import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from tests.e2e.harness import Commands, eventually
from tests.e2e.processes import children, command_line
from tests.servers.running import free_port

WORKERS = 2


class Told(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """What a `/metrics` told: samples by name and labels."""

    def sum(self, name: str, **labels: str) -> float:
        """The sum over the samples of this name that have these labels."""
        return sum(
            value for (each, has), value in self.items() if each == name and labels.items() <= has
        )


def read(port: int) -> Told:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return Told(
        {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    )


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    made = Commands(
        tmp_path / "data",
        None,
        web_processes="2",
        worker_processes=str(WORKERS),
        metrics_port=str(free_port()),
        lease_s="2",
    )
    yield made
    made.end()


def worked_off(port: int) -> float:
    """Waited for: a product shows as completed a moment before its worker has counted it."""
    return read(port).sum("lookalike_products_worked_off_total")


def test_the_operators_port_counts_what_the_clients_did(
    commands: Commands, bagisto: list[CatalogueRow], picture_host: PictureHost
) -> None:
    shop = commands.serve("up")
    port = int(commands.environment["LOOKALIKE_METRICS_PORT"])
    before = read(port)
    rows = bagisto[:60]
    shop.upload(rows, picture_host)
    eventually(lambda: shop.total("completed") == len(rows), 120)
    for row in rows[:20]:
        shop.call("POST", "/v1/catalog/search", {"query": row.title})

    eventually(lambda: worked_off(port) >= len(rows))
    told = read(port)
    route = "/v1/catalog/search"
    assert told.sum("lookalike_requests_total", route=route, status="200") == 20
    assert told.sum("lookalike_request_seconds_count", route=route) == 20
    assert told.sum("lookalike_search_seconds_count", kind="text") == 20
    assert told.sum("lookalike_products_worked_off_total", fate="embedded") >= len(rows)
    assert told.sum("lookalike_model_rows_sum", tower="image", use="products") >= len(rows)
    assert told.sum("lookalike_products", status="completed") == len(rows)
    assert told.sum("lookalike_workers") == WORKERS
    assert told.sum("lookalike_queue_due") == 0
    assert before.sum("lookalike_products", status="completed") == 0


def test_a_killed_worker_takes_nothing_back(
    commands: Commands, bagisto: list[CatalogueRow], picture_host: PictureHost
) -> None:
    shop = commands.serve("up")
    port = int(commands.environment["LOOKALIKE_METRICS_PORT"])
    rows = bagisto[:40]
    shop.upload(rows, picture_host)
    eventually(lambda: shop.total("completed") == len(rows), 120)
    eventually(lambda: worked_off(port) >= len(rows))
    before = worked_off(port)
    for pid in workers_of(commands):
        os.kill(pid, signal.SIGKILL)
    more = bagisto[40:80]
    shop.upload(more, picture_host)
    eventually(lambda: shop.total("completed") == len(rows) + len(more), 120)
    eventually(lambda: worked_off(port) >= before + len(more))


def test_each_port_answers_its_own(commands: Commands) -> None:
    shop = commands.serve("up")
    operators = f"http://127.0.0.1:{commands.environment['LOOKALIKE_METRICS_PORT']}"
    assert status(f"{shop.url}/metrics") == 404
    assert status(f"{operators}/metrics") == status(f"{operators}/healthz") == 200
    assert status(f"{operators}/readyz") == 200
    assert status(f"{operators}/v1/catalog/products") == 404
    assert status(f"{operators}/docs/") == 404


def test_a_worker_alone_has_a_port_of_its_own(commands: Commands, redis_url: str) -> None:
    commands.environment["LOOKALIKE_REDIS_URL"] = redis_url
    commands.worker()
    url = f"http://127.0.0.1:{commands.environment['LOOKALIKE_METRICS_PORT']}/metrics"
    eventually(lambda: answers(url))
    second = commands.run("worker")
    assert second.returncode != 0
    assert "LOOKALIKE_METRICS_PORT" in second.stderr
    assert "Traceback" not in second.stderr


def answers(url: str) -> bool:
    try:
        return status(url) == 200
    except (urllib.error.URLError, ConnectionError):
        return False


def workers_of(commands: Commands) -> list[int]:
    supervisor = commands.processes[-1].pid
    found = [child for child in children(supervisor) if "workers" in command_line(child)]
    assert len(found) == WORKERS
    return found
