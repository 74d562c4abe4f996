"""What a running system remembers of searches: of each one, by both APIs, and nothing that it must
not."""

from __future__ import annotations

import base64
import json
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lookalike.demo.pictures import PictureHost
from lookalike.index.engine.protocol import Engine
from tests.api.harness import jpeg
from tests.contract.harness import connect
from tests.e2e.harness import Commands, Shop, eventually

Json = dict[str, Any]

on_both_engines = pytest.mark.parametrize(
    "commands", ["elasticsearch", "opensearch"], indirect=True
)
LONG_AGO = "searches-2020.01.31"


@dataclass
class Remembered:
    """The search events in the engine that the commands name."""

    engine: Engine
    prefix: str

    def events(self) -> list[Json]:
        """All that can be read now, oldest first."""
        self.engine.call("POST", f"/{self.prefix}-searches-*/_refresh")
        body = {"size": 1000, "sort": [{"@timestamp": {"order": "asc", "unmapped_type": "date"}}]}
        answer = self.engine.call("POST", f"/{self.prefix}-searches-*/_search", body)
        return [hit["_source"] for hit in answer.body["hits"]["hits"]]

    def days(self) -> set[str]:
        """The indices, without the prefix."""
        found = self.engine.call("GET", f"/{self.prefix}-searches-*/_alias").body
        return {name.removeprefix(f"{self.prefix}-") for name in found}

    def take_writes(self, *, yes: bool) -> None:
        """Blocks the indices of searches, or opens them again."""
        settings = {"index.blocks.write": None if yes else True}
        answer = self.engine.call("PUT", f"/{self.prefix}-searches-*/_settings", settings)
        assert answer.body["acknowledged"]


@pytest.fixture
def remembered(commands: Commands) -> Iterator[Remembered]:
    kind, _, url = commands.environment["LOOKALIKE_INDEX_URL"].partition("+")
    engine = connect(kind, url)
    yield Remembered(engine, commands.environment["LOOKALIKE_INDEX_PREFIX"])
    engine.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Iterator[PictureHost]:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for color in ("red", "blue"):
        (folder / f"{color}.jpg").write_bytes(jpeg(color))
    with PictureHost(folder, 0) as host:
        yield host


def url_of(pictures: PictureHost, color: str, tmp_path: Path) -> str:
    return pictures.url_of(tmp_path / "pictures" / f"{color}.jpg")


def filled(commands: Commands, pictures: PictureHost, tmp_path: Path) -> Shop:
    """A shop of two mugs, embedded; one worker runs."""
    shop = commands.serve()
    commands.worker()
    for color in ("red", "blue"):
        url = url_of(pictures, color, tmp_path)
        mug = {"title": f"{color} mug", "external_id": color, "image_url": url, "category": "Mugs"}
        shop.call("POST", "/v1/catalog/products", mug)
    eventually(lambda: shop.total("completed") == 2)
    return shop


@on_both_engines
def test_each_search_is_remembered_and_nothing_that_must_not_be(
    commands: Commands, remembered: Remembered, pictures: PictureHost, tmp_path: Path
) -> None:
    shop = filled(commands, pictures, tmp_path)
    url = url_of(pictures, "red", tmp_path) + "?signature=5e69a2"
    picture = base64.b64encode(jpeg("red")).decode()
    product = shop.products()[0]["id"]
    everything = {"similarity_threshold": 0, "max_results": 7}
    asked: list[Json] = [
        {"query": "Red MUG"},
        {"query": "mug " * 100},
        {"query": "zyxwv", "similarity_threshold": 0.99},
        {"image_url": url, "category": "Mugs", "max_price": 4711, **everything},
        {"image_base64": picture, "query": "blue", **everything},
        {"product_id": product, **everything},
    ]
    for path in ("/v1/catalog/search", "/api/v1/catalog/search"):
        answers = [shop.call("POST", path, each) for each in asked]
    # Nobody waits for the thread that writes them: the web ends at once.
    commands.processes[0].send_signal(signal.SIGTERM)
    commands.processes[0].wait(60)

    events = remembered.events()
    assert len(events) == 2 * len(asked)
    words, many, nothing, by_url, both, by_product = events[len(asked) :]
    assert Counter(each["kind"] for each in events) == Counter(
        [each["query"]["type"] for each in answers] * 2
    )
    assert (words["words"], many["words"]) == ("Red MUG", ("mug " * 100)[:256])
    assert (nothing["results"], nothing["best_score"], nothing["threshold"]) == (0, None, 0.99)
    assert (by_url["image_host"], by_url["filters"]) == (
        urlsplit(url).hostname,
        ["category", "max_price"],
    )
    assert (by_url["words"], both["words"], both["image_host"]) == (None, "blue", None)
    assert by_product["max_results"] == 7
    for event, answer in zip(events[len(asked) :], answers, strict=True):
        assert event["results"] == len(answer["results"])
        assert event["total"] == answer["total_found"]
        best = answer["results"][0]["similarity_score"] if answer["results"] else None
        assert event["best_score"] == pytest.approx(best, abs=1e-4)
        assert 0 < event["search_ms"] <= event["ms"]
    told = json.dumps(events)
    for secret in (shop.key, "signature", "red.jpg", picture[:32], "4711", product):
        assert secret not in told


@on_both_engines
def test_days_pass_and_a_tenants_searches_go_with_it(
    commands: Commands, remembered: Remembered, pictures: PictureHost, tmp_path: Path
) -> None:
    shop = commands.serve()
    remembered.engine.call("PUT", f"/{remembered.prefix}-{LONG_AGO}", {})
    remembered.engine.call("PUT", f"/{remembered.prefix}-searches-kept", {})
    commands.worker()
    eventually(lambda: LONG_AGO not in remembered.days())
    shop.call("POST", "/v1/catalog/search", {"query": "mug"})
    [event] = eventually(remembered.events)
    assert "searches-kept" in remembered.days()
    done = commands.run("tenants", "delete", event["tenant"], "--yes")
    assert (done.returncode, remembered.events()) == (0, []), done.stderr


@on_both_engines
def test_an_index_that_takes_no_events_costs_no_search(
    commands: Commands, remembered: Remembered
) -> None:
    shop = commands.serve()

    def search(words: str) -> list[str]:
        shop.call("POST", "/v1/catalog/search", {"query": words})
        return [each["words"] for each in remembered.events()]

    eventually(lambda: search("before"))
    remembered.take_writes(yes=False)
    for _ in range(20):
        assert "during" not in search("during")
    remembered.take_writes(yes=True)
    eventually(lambda: "after" in search("after"))


@on_both_engines
def test_nothing_is_remembered_where_no_days_are(
    commands: Commands, remembered: Remembered
) -> None:
    commands.environment["LOOKALIKE_SEARCH_EVENTS_DAYS"] = "0"
    shop = commands.serve()
    for _ in range(5):
        shop.call("POST", "/v1/catalog/search", {"query": "mug"})
    commands.processes[0].send_signal(signal.SIGTERM)
    commands.processes[0].wait(60)
    assert remembered.days() == set()
