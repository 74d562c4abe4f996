"""An engine that is killed with -9 in the middle of what it does, and comes back over its data."""

from __future__ import annotations

import json
import os
import signal
import threading
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookalike.demo.pictures import PictureHost
from tests.e2e.harness import Commands, Shop, eventually
from tests.e2e.test_feed import rows_of
from tests.packs import narrow_pack
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.needs import NotHere
from tests.servers.opensearch import OpenSearch
from tests.servers.running import Started, start

MANY = 200
RECIPES = {"elasticsearch": Elasticsearch, "opensearch": OpenSearch}


@pytest.fixture(params=sorted(RECIPES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(kind: str) -> Iterator[Started]:
    """An engine of this test's own."""
    try:
        started = start(RECIPES[kind](), os.getpid())
    except NotHere as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    yield started
    started.end()


def push(shop: Shop, products: list[dict[str, Any]]) -> dict[str, Any]:
    """Uploads until it is taken, as a merchant's nightly job would; each refusal is a sentence."""

    def taken() -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = shop.call(
                "PUT", "/api/v1/catalog/products", {"products": products}
            )
        except urllib.error.HTTPError as error:
            be_away(error)
            return None
        return answer

    found: dict[str, Any] = eventually(taken, 120)
    return found


def completed(shop: Shop) -> int:
    """How many are embedded; while the engine is away nobody knows."""
    try:
        return shop.total("completed")
    except urllib.error.HTTPError as error:
        be_away(error)
        return -1


def be_away(error: urllib.error.HTTPError) -> None:
    """The answer must say that the engine is away, and that nothing is lost."""
    problem = json.load(error)
    assert error.code == 503, problem
    assert problem["code"] in {"index_unavailable", "upload_interrupted"}, problem


def test_nothing_is_lost(  # noqa: PLR0917
    kind: str,
    engine: Started,
    commands: Commands,
    picture_host: PictureHost,
    shops: Path,
    tmp_path: Path,
) -> None:
    commands.environment |= {
        "LOOKALIKE_INDEX_URL": f"{kind}+{engine.url}",
        "LOOKALIKE_LEASE_S": "2",
    }
    products = [
        {
            "sku": f"{number:04}",
            "name": row.title,
            "category_path": row.category,
            "image_url": picture_host.url_of(row.image),
        }
        for number, row in enumerate(rows_of(shops)[:MANY])
    ]
    shop = commands.serve()

    # In the middle of an upload.
    killer = threading.Timer(0.05, engine.kill)
    killer.start()
    first = push(shop, products)
    killer.join()
    second = push(shop, products)
    assert (second["unchanged"], second["failed"]) == (MANY, 0), (first, second)
    eventually(lambda: completed(shop) >= 0, 120)
    eventually(lambda: shop.total() == MANY)

    # In the middle of a worker's batch.
    worker = commands.worker()
    eventually(lambda: 0 < completed(shop) < MANY, 120)
    engine.kill()
    assert completed(shop) < MANY, "it was done before it was killed"
    eventually(lambda: completed(shop) == MANY, 240)
    job = shop.call("GET", f"/api/v1/catalog/jobs/{second['job_id']}")
    eventually(lambda: shop.call("GET", f"/api/v1/catalog/jobs/{job['job_id']}"), 60)

    # In the middle of a change of model.
    narrow = str(narrow_pack(tmp_path / "narrow"))
    worker.send_signal(signal.SIGSTOP)  # so that the change cannot end before the engine is killed
    change = commands.start("reindex", "--model", narrow)
    eventually(lambda: "being filled" in commands.run("reindex").stdout, 60)
    engine.kill()
    worker.send_signal(signal.SIGCONT)
    if change.wait(240):
        eventually(lambda: commands.run("reindex", "--model", narrow).returncode == 0, 240)
    eventually(lambda: "narrow serves" in commands.run("reindex").stdout, 60)
    assert completed(shop) == shop.total() == MANY
    found = shop.call(
        "POST", "/v1/catalog/search", {"product_id": shop.products()[0]["id"], "max_results": 5}
    )
    assert found["results"]
