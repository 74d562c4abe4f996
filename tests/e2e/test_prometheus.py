"""A real Prometheus with our rules reads a running system, and answers whatever the alerts and the
dashboard ask; promtool checks the files, and tries when each alert fires."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from tests.e2e.harness import Commands, eventually
from tests.observability import FOLDER, expressions, panel_expressions
from tests.servers.needs import NotHere
from tests.servers.prometheus import Prometheus
from tests.servers.running import free_port, start

FAILURES = ("problems", "errors", "failed", "busy", "dropped", "engine_seconds")
"""What is not counted while all goes well, or not with the embedded index."""

EMBEDDED = 'sum(lookalike_products_worked_off_total{fate="embedded"})'
SEARCHES = 'sum(lookalike_requests_total{route="/v1/catalog/search", status="200"})'


@pytest.fixture(scope="session")
def recipe() -> Prometheus:
    made = Prometheus(port=free_port())
    try:
        made.fetch()
    except NotHere as error:
        pytest.fail(str(error)) if os.environ.get("CI") else pytest.skip(str(error))
    return made


@pytest.fixture
def commands(recipe: Prometheus, tmp_path: Path) -> Iterator[Commands]:
    made = Commands(tmp_path / "data", None, web_processes="2", metrics_port=str(recipe.port))
    yield made
    made.end()


@pytest.fixture
def prometheus(recipe: Prometheus) -> Iterator[str]:
    """The URL of a Prometheus that reads what `commands` serve."""
    started = start(recipe, os.getpid())
    yield started.url
    started.end()


def asked(url: str, path: str, **query: str) -> Any:
    """What Prometheus answers; an expression that it does not understand raises."""
    whole = f"{url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(whole, timeout=10) as answer:
        told = json.load(answer)
    assert told["status"] == "success"
    return told["data"]


def samples(url: str, expression: str) -> list[Any]:
    found: list[Any] = asked(url, "query", query=expression)["result"]
    return found


def reached(url: str, counts: Mapping[str, float]) -> bool:
    """Whether Prometheus knows of exactly so many; more would never be right again."""
    told = {each: [float(sample["value"][1]) for sample in samples(url, each)] for each in counts}
    assert all(sum(told[each]) <= counts[each] for each in counts), told
    return all(sum(told[each]) == counts[each] for each in counts)


def promtool(recipe: Prometheus, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(recipe.program("promtool")), *argv], capture_output=True, text=True, check=False
    )


def test_promtool_accepts_the_files(recipe: Prometheus) -> None:
    done = promtool(recipe, "check", "config", str(FOLDER / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_fire_when_they_should(recipe: Prometheus, tmp_path: Path) -> None:
    done = promtool(recipe, "test", "rules", str(FOLDER / "alerts_test.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    rules = (FOLDER / "alerts.yml").read_text()
    (tmp_path / "alerts.yml").write_text(rules.replace("lookalike_workers) == 0", "up) == 0"))
    shutil.copy(FOLDER / "alerts_test.yml", tmp_path)
    assert promtool(recipe, "test", "rules", str(tmp_path / "alerts_test.yml")).returncode != 0


def test_a_running_system_answers_the_dashboard_and_raises_no_alert(
    commands: Commands, prometheus: str, bagisto: list[CatalogueRow], picture_host: PictureHost
) -> None:
    shop = commands.serve("up")
    eventually(lambda: samples(prometheus, "lookalike_index_up"))
    rows = bagisto[:40]
    for half, done in ((rows[:20], 20), (rows[20:], 40)):  # rates need two moments
        shop.upload(half, picture_host)
        for row in half[:5]:
            shop.call("POST", "/v1/catalog/search", {"query": row.title})
            shop.call("POST", "/v1/catalog/search", {"image_url": picture_host.url_of(row.image)})
        eventually(partial(reached, prometheus, {EMBEDDED: done, SEARCHES: done / 2}), 120)

    for expression in expressions():
        samples(prometheus, expression.replace("$__rate_interval", "1m"))
    silent = [
        each
        for each in panel_expressions()
        if not samples(prometheus, each) and not any(word in each for word in FAILURES)
    ]
    assert silent == []
    rules = [rule for group in asked(prometheus, "rules")["groups"] for rule in group["rules"]]
    assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []
    assert [rule["name"] for rule in rules if rule["state"] != "inactive"] == []
