"""A soak: uploads, changes and searches at once for a while, on Elasticsearch, Triton and the
embedded Valkey, with two web processes and two workers.

    python -m bench.soak [MINUTES] [FOLDER_OF_PHOTOGRAPHS]

Each merchant owns its keys and knows what it was told, so that at the end the whole catalogue can
be compared with what was accepted. Printed: requests by status, the times of each kind, memory over
time, what was lost, and whether `/metrics` counted what the clients did. Ends with 1 if anything
was lost, failed, or counted differently."""

from __future__ import annotations

import base64
import json
import os
import random
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from bench.measuring import machine, resident_mb, serving, summary
from lookalike.bootstrap import make_accounts
from lookalike.demo.pictures import CONTENT_TYPES, PictureHost
from lookalike.settings import Settings, variable
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.running import Recipe, free_port, start
from tests.servers.triton import Triton

MERCHANTS = 2
SHOPPERS = 3
BATCH = 20
MOST_PRODUCTS = 1500
"""A merchant's shop is full then, and only changes."""

SAMPLED_EVERY_S = 10.0
DRAINED_WITHIN_S = 600.0


@dataclass
class Log:
    """What the clients saw, from many threads."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    taken_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    broken: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, kind: str, status: int, ms: float) -> None:
        """An answer."""
        with self.lock:
            self.statuses[kind, status] += 1
            self.taken_ms[kind].append(ms)

    def broke(self, kind: str, error: Exception) -> None:
        """A request without an answer."""
        with self.lock:
            self.broken[f"{kind}: {type(error).__name__}"] += 1


class Client:
    """One connection that is kept open, and what came of each request on it."""

    def __init__(self, url: str, key: str, log: Log) -> None:
        self._address, self._log = urlsplit(url).netloc, log
        self._headers = {"X-API-Key": key, "Content-Type": "application/json"}
        self._connection = HTTPConnection(self._address, timeout=60)

    def call(self, kind: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and document; (0, None) where no answer came."""
        started = time.perf_counter()
        try:
            data = None if body is None else json.dumps(body)
            self._connection.request(method, path, data, self._headers)
            answer = self._connection.getresponse()
            read = answer.read()
        except (HTTPException, OSError) as error:
            self._log.broke(kind, error)
            self._connection.close()
            return 0, None
        self._log.saw(kind, answer.status, (time.perf_counter() - started) * 1000)
        return answer.status, json.loads(read) if read else None


class Merchant:
    """Uploads, changes and deletes products of its own. `titles` is what must be there."""

    def __init__(self, number: int, client: Client, pictures: list[str]) -> None:
        self._name, self._client, self._pictures = f"m{number}", client, pictures
        self._chance = random.Random(number)
        self._made = 0
        self.titles: dict[str, str] = {}
        self.ids: dict[str, str] = {}

    def step(self) -> None:
        """One request."""
        if len(self.titles) < BATCH:
            self._upload()
            return
        acts = [self._change, self._change, self._weigh, self._delete]
        if len(self.titles) < MOST_PRODUCTS:
            acts.append(self._upload)
        self._chance.choice(acts)()

    def _upload(self) -> None:
        keys = [f"{self._name}/{self._made + number}" for number in range(BATCH)]
        self._made += BATCH
        sent = [self._product(key) for key in keys]
        body = {"products": sent}
        status, answer = self._client.call("upload", "POST", "/v1/catalog/products", body)
        if status == 200:
            for product, result in zip(sent, answer["results"], strict=True):
                self.titles[product["external_id"]] = product["title"]
                self.ids[product["external_id"]] = result["id"]

    def _change(self) -> None:
        sent = self._product(self._one())
        status, _ = self._client.call("change", "POST", "/v1/catalog/products", sent)
        if status == 200:
            self.titles[sent["external_id"]] = sent["title"]

    def _weigh(self) -> None:
        key, body = self._one(), {"weight": self._chance.randrange(1, 500)}
        self._client.call("weight", "PATCH", f"/api/v1/catalog/products/{key}", body)

    def _delete(self) -> None:
        key = self._one()
        path = f"/v1/catalog/products/{self.ids[key]}"
        if self._client.call("delete", "DELETE", path)[0] == 204:
            del self.titles[key], self.ids[key]

    def _one(self) -> str:
        return self._chance.choice(list(self.titles))

    def _product(self, key: str) -> dict[str, Any]:
        return {
            "external_id": key,
            "title": f"Item {key} of {self._chance.randrange(10**6)}",
            "image_url": self._chance.choice(self._pictures),
            "price": self._chance.randrange(1, 500),
            "category": self._chance.choice(["Shoes", "Bags > Totes", "Outerwear > Jackets"]),
        }


class Shopper:
    """Searches by picture, by product and by words."""

    def __init__(self, number: int, client: Client, pictures: list[Path], ids: _Ids) -> None:
        self._client, self._pictures, self._ids = client, pictures, ids
        self._chance = random.Random(1000 + number)

    def step(self) -> None:
        """One search. That its product is gone, or not yet embedded, are answers too."""
        path, kind = "/v1/catalog/search", self._chance.choice(["picture", "product", "words"])
        if kind == "picture":
            picture = self._chance.choice(self._pictures).read_bytes()
            asked: dict[str, Any] = {"image_base64": base64.b64encode(picture).decode()}
        elif kind == "product" and (ids := self._ids()):
            asked = {"product_id": self._chance.choice(ids)}
        else:
            kind, asked = "words", {"query": f"item {self._chance.randrange(10**6)}"}
        self._client.call(f"search by {kind}", "POST", path, asked)


_Ids = Callable[[], list[str]]


@dataclass(frozen=True)
class Running:
    """The system under load."""

    url: str
    metrics: str
    pid: int
    key: str


@contextmanager
def system(folder: Path, fetch_allow: str) -> Iterator[Running]:
    """Engine, model server, Valkey, two web processes and two workers."""
    with ExitStack() as stack:
        metrics = free_port()
        settings = Settings(
            data_dir=folder,
            index_url=f"elasticsearch+{stack.enter_context(_server(Elasticsearch()))}",
            triton_url=(stack.enter_context(_server(Triton())),),
            web_processes=2,
            worker_processes=2,
            metrics_port=metrics,
        )
        key = make_accounts(settings).open() or ""
        environment = {
            variable("index_url"): settings.index_location,
            variable("triton_url"): ",".join(settings.triton_url),
            variable("web_processes"): "2",
            variable("worker_processes"): "2",
            variable("metrics_port"): str(metrics),
            variable("fetch_allow"): fetch_allow,
        }
        url, pid = stack.enter_context(serving(settings, **environment))
        yield Running(url, f"http://127.0.0.1:{metrics}/metrics", pid, key)


@contextmanager
def _server(recipe: Recipe) -> Iterator[str]:
    started = start(recipe, os.getpid())
    try:
        yield started.url
    finally:
        started.keeper.terminate()
        started.keeper.wait()


def under_load(steps: list[Callable[[], None]], seconds: float, pid: int) -> list[float]:
    """Lets every client step on until the time is over; memory in MB, sampled."""
    ends = time.monotonic() + seconds
    memory = []

    def go_on(step: Callable[[], None]) -> None:
        while time.monotonic() < ends:
            step()

    with ThreadPoolExecutor(len(steps)) as threads:
        clients = [threads.submit(go_on, step) for step in steps]
        while time.monotonic() < ends:
            memory.append(resident_mb(pid))
            time.sleep(min(SAMPLED_EVERY_S, max(0.0, ends - time.monotonic())))
        for client in clients:
            client.result()
    return memory


def stored(client: Client) -> dict[str, dict[str, Any]]:
    """Every product that is there, by key."""
    found, cursor = {}, ""
    while True:
        _, page = client.call("list", "GET", f"/v1/catalog/products?limit=200{cursor}")
        found |= {each["external_id"]: each for each in page["products"]}
        if not page["next_cursor"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def drained(client: Client) -> bool:
    """Waits until nothing is owed."""
    path = "/v1/catalog/products?limit=1&embedding_status=pending"
    deadline = time.monotonic() + DRAINED_WITHIN_S
    while time.monotonic() < deadline:
        if client.call("list", "GET", path)[1]["total"] == 0:
            return True
        time.sleep(1)
    return False


def differences(merchants: list[Merchant], found: dict[str, dict[str, Any]]) -> list[str]:
    """How what is stored differs from what was accepted."""
    expected = {key: title for each in merchants for key, title in each.titles.items()}
    lines = [f"lost: {key}" for key in expected.keys() - found.keys()]
    lines += [f"came back: {key}" for key in found.keys() - expected.keys()]
    for key in expected.keys() & found.keys():
        if found[key]["title"] != expected[key]:
            lines.append(f"another title: {key}")
        if found[key]["embedding_status"] != "completed":
            lines.append(f"not completed: {key}: {found[key]['embedding_error']}")
    return sorted(lines)


def report(log: Log, memory: list[float]) -> None:
    """What the clients saw."""
    for kind, taken in sorted(log.taken_ms.items()):
        by_status = {
            status: n for (each, status), n in sorted(log.statuses.items()) if each == kind
        }
        print(f"{kind:18} {len(taken):7,} requests, {summary(taken)}, by status {by_status}")
    fifth = max(1, len(memory) // 5)
    early, late = memory[fifth : 2 * fifth] or memory, memory[-fifth:]
    print(
        f"memory of web and workers: {memory[0]:.0f} MB at the start, "
        f"{sum(early) / len(early):.0f} MB in the second fifth, "
        f"{sum(late) / len(late):.0f} MB in the last, {max(memory):.0f} MB at most"
    )


def requests_counted(url: str) -> Counter[int]:
    """What `/metrics` tells of the requests to the two APIs, by status."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    told: Counter[int] = Counter()
    for family in families:
        for sample in family.samples:
            if sample.name == "lookalike_requests_total" and "/catalog/" in sample.labels["route"]:
                told[int(sample.labels["status"])] += int(sample.value)
    return told


def counted(log: Log, metrics: str) -> list[str]:
    """How `/metrics` differs from the clients, by status."""
    seen: Counter[int] = Counter()
    for (_, status), count in log.statuses.items():
        seen[status] += count
    told = requests_counted(metrics)
    return [
        f"status {status}: the clients counted {seen[status]}, /metrics {told[status]}"
        for status in sorted(seen.keys() | told.keys())
        if seen[status] != told[status]
    ]


def main(minutes: float, photographs: Path) -> int:
    pictures = [each for each in photographs.rglob("*") if each.suffix.lower() in CONTENT_TYPES]
    print(machine(), f"{minutes:g} minutes, {len(pictures)} photographs", flush=True)
    log = Log()
    with (
        tempfile.TemporaryDirectory() as work,
        PictureHost(photographs, 0) as host,
        system(Path(work), f"127.0.0.1:{host.port}") as running,
    ):
        urls = [host.url_of(each) for each in pictures]

        def client() -> Client:
            return Client(running.url, running.key, log)

        merchants = [Merchant(number, client(), urls) for number in range(MERCHANTS)]
        shoppers = [
            Shopper(number, client(), pictures, lambda: list(merchants[0].ids.values()))
            for number in range(SHOPPERS)
        ]
        steps = [each.step for each in [*merchants, *shoppers]]
        memory = under_load(steps, minutes * 60, running.pid)
        asking = client()
        wrong = [] if drained(asking) else [f"still owed after {DRAINED_WITHIN_S:.0f} s"]
        wrong += differences(merchants, stored(asking)) + counted(log, running.metrics)
    report(log, memory)
    wrong += [f"no answer: {kind}, {count} times" for kind, count in log.broken.items()]
    wrong += [
        f"{kind}: {n} x {status}" for (kind, status), n in log.statuses.items() if status >= 500
    ]
    print("\n".join(wrong) if wrong else "nothing lost, nothing failed, every count agrees")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(
        main(
            float(sys.argv[1]) if len(sys.argv) > 1 else 20.0,
            Path(sys.argv[2] if len(sys.argv) > 2 else "../shared/data/shops").resolve(),
        )
    )
