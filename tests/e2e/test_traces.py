"""Traces of a running system, as a collector gets them."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from tests.e2e.collector import Collector, Seen, collecting
from tests.e2e.harness import Commands, Shop, eventually

SEARCH = "POST /v1/catalog/search"
UPLOAD = "POST /v1/catalog/products"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def send_to(commands: Commands, url: str) -> None:
    commands.environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "200"}


def call(shop: Shop, path: str, body: Any, **headers: str) -> None:
    sent = {"X-API-Key": shop.key, "Content-Type": "application/json"} | headers
    data = json.dumps(body).encode()
    request = urllib.request.Request(shop.url + path, data, sent, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status < 300


def batches(collector: Collector, count: int) -> list[Seen]:
    """The requests that uploaded, once there are so many."""
    eventually(lambda: len(collector.named(UPLOAD)) == count)
    return collector.named(UPLOAD)


def test_each_upload_is_one_trace_though_a_worker_takes_both_together(
    commands: Commands, bagisto: list[CatalogueRow], picture_host: PictureHost
) -> None:
    with collecting() as collector:
        send_to(commands, collector.url)
        shop = commands.serve()
        shop.upload(bagisto[:6], picture_host)
        shop.upload(bagisto[6:10], picture_host)
        commands.worker()
        eventually(lambda: shop.total("completed") == 10)
        first, second = batches(collector, 2)
        eventually(lambda: len(collector.named("embed products")) == 2)
        assert first.trace != second.trace
        for request in (first, second):
            assert collector.in_trace(request.trace) == {
                f"lookalike-web: {UPLOAD}",
                "lookalike-worker: embed products",
            }
        embedded = {each.parent: each.attributes for each in collector.named("embed products")}
        assert embedded.keys() == {first.id, second.id}
        assert {"6", "4"} == {
            "".join(filter(str.isdigit, each["products"])) for each in embedded.values()
        }
        assert collector.named("write products")
        commands.end()
        commands.processes.clear()


def test_a_search_shows_its_steps_and_goes_on_with_its_callers_trace(commands: Commands) -> None:
    with collecting() as collector:
        send_to(commands, collector.url)
        shop = commands.serve()
        call(shop, "/v1/catalog/search?secret=1", {"query": "red mug"}, traceparent=PARENT)
        eventually(lambda: collector.named(SEARCH))
        [request] = collector.named(SEARCH)
        assert (request.trace, request.parent) == (PARENT.split("-")[1], PARENT.split("-")[2])
        assert collector.in_trace(request.trace) == {
            f"lookalike-web: {SEARCH}",
            *(
                f"lookalike-web: search: {step}"
                for step in ("embed_words", "search", "rank", "read")
            ),
        }
        told = str(collector.spans)
        assert "secret" not in told
        assert shop.key not in told
        commands.end()
        commands.processes.clear()


def test_a_collector_that_is_not_there_harms_nothing(
    commands: Commands, bagisto: list[CatalogueRow], picture_host: PictureHost
) -> None:
    send_to(commands, "http://127.0.0.1:1")
    shop = commands.serve()
    commands.worker()
    shop.upload(bagisto[:5], picture_host)
    eventually(lambda: shop.total("completed") == 5)
    call(shop, "/v1/catalog/search", {"query": "bag"})
    started = time.monotonic()
    for process in commands.processes:
        process.terminate()
    for process in commands.processes:
        process.wait(30)  # or else it is an error
    assert time.monotonic() - started < 30
