"""`lookalike reindex --model` under the hands of shoppers and merchants, with processes killed."""

from __future__ import annotations

import re
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from tests.contract.harness import ENGINES
from tests.e2e.harness import Commands, Shop, eventually
from tests.packs import narrow_pack

on_every_engine = pytest.mark.parametrize("commands", ENGINES, indirect=True)


@dataclass
class Shoppers:
    """What a shopper who searches all the time, and a merchant who changes a weight all the time,
    met."""

    searches: int = 0
    weights: int = 0
    faults: list[str] = field(default_factory=list)


@contextmanager
def busy(shop: Shop, product: dict[str, str]) -> Iterator[Shoppers]:
    """A shopper and a merchant at work meanwhile."""
    met, stop = Shoppers(), threading.Event()

    def search() -> None:
        while not stop.is_set():
            asked = {"product_id": product["id"], "similarity_threshold": 0}
            try:
                if not shop.call("POST", "/v1/catalog/search", asked)["results"]:
                    met.faults.append("nothing was found")
            except urllib.error.HTTPError as error:
                met.faults.append(f"search: {error.code} {error.read()!r}")
            met.searches += 1

    def change() -> None:
        while not stop.is_set():
            try:
                body = {"weight": met.weights + 1}
                shop.call("PATCH", f"/api/v1/catalog/products/{product['key']}", body)
                met.weights += 1
            except urllib.error.HTTPError as error:
                met.faults.append(f"weight: {error.code} {error.read()!r}")
            time.sleep(0.05)

    threads = [threading.Thread(target=each) for each in (search, change)]
    for each in threads:
        each.start()
    try:
        yield met
    finally:
        stop.set()
        for each in threads:
            each.join(60)


@on_every_engine
def test_the_model_changes_while_shoppers_search_and_processes_are_killed(
    commands: Commands, picture_host: PictureHost, bagisto: list[CatalogueRow], tmp_path: Path
) -> None:
    commands.environment["LOOKALIKE_LEASE_S"] = "2"
    rows = bagisto[:40]
    shop = commands.serve()
    doomed = commands.worker()
    shop.upload(rows, picture_host)
    eventually(lambda: shop.total("completed") == len(rows), 120)
    one = next(each for each in shop.products() if each["external_id"] == rows[0].id)
    narrow = str(narrow_pack(tmp_path / "narrow"))
    with busy(shop, {"id": one["id"], "key": rows[0].id}) as met:
        doomed.kill()  # so that the change cannot end before it is killed
        doomed.wait()
        first = commands.start("reindex", "--model", narrow)
        eventually(lambda: "being filled" in commands.run("reindex").stdout)
        first.kill()
        assert "mini serves" in commands.run("reindex").stdout
        commands.worker()
        changed = commands.run("reindex", "--model", narrow)
        assert changed.returncode == 0, changed.stderr
        told = re.search(r"to (\d+) products, (\d+)% stay", changed.stdout)
        assert told, changed.stdout
        assert int(told[1]) == len(rows)
        assert int(told[2]) > 50
        assert f"{narrow} serves" in changed.stdout
        report = (tmp_path / "data" / "rehearsal.html").read_text()
        assert picture_host.url_of(rows[0].image).rsplit("/", 1)[0] in report
        # What comes after the switch is embedded for both, so that going back loses nothing.
        shop.upload(bagisto[40:44], picture_host)
        eventually(lambda: shop.total("completed") == len(rows) + 4)
        assert commands.run("reindex", "--abort").returncode == 1
        back = commands.run("reindex", "--back")
        assert back.returncode == 0, back.stderr
        assert back.stdout.startswith("mini serves")
        eventually(lambda: shop.total("completed") == len(rows) + 4)
        assert commands.run("reindex", "--model", narrow).returncode == 0
        finished = commands.run("reindex", "--finish")
        assert finished.returncode == 0, finished.stderr
        assert finished.stdout.strip() == f"{narrow} serves (edition 000002)."
        searches = met.searches
        eventually(lambda: met.searches > searches + 5)
    assert met.faults == []
    now = shop.call("GET", f"/api/v1/catalog/products/{rows[0].id}")
    assert now["weight"] == met.weights
    assert shop.total("completed") == shop.total() == len(rows) + 4
    # A process that starts now serves the new model, whatever the setting says.
    commands.environment["LOOKALIKE_MODEL_PACK"] = "mini"
    again = Shop(commands.serve().url, shop.key)
    asked = {"product_id": one["id"], "similarity_threshold": 0}
    found = again.call("POST", "/v1/catalog/search", asked)["results"]
    assert found == shop.call("POST", "/v1/catalog/search", asked)["results"] != []


def test_too_many_failures_leave_the_old_model_serving(
    commands: Commands, picture_host: PictureHost, bagisto: list[CatalogueRow], tmp_path: Path
) -> None:
    shop = commands.serve()
    worker = commands.worker()
    shop.upload(bagisto[:20], picture_host)
    eventually(lambda: shop.total("completed") == 20)
    worker.terminate()
    worker.wait()
    del commands.environment["LOOKALIKE_FETCH_ALLOW"]  # no picture can be had any more
    commands.worker()
    narrow = str(narrow_pack(tmp_path / "narrow"))
    refused = commands.run("reindex", "--model", narrow)
    assert refused.returncode == 1
    assert "100.0% of the products failed with the new model" in refused.stderr
    assert commands.run("reindex").stdout.startswith("mini serves")
    assert shop.total("completed") == 20
    assert commands.run("reindex", "--abort").stdout.strip() == "mini serves (edition 000001)."
    assert not list((tmp_path / "data").glob("*000002*"))
