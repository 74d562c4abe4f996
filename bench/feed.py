"""Bulk uploads through the feed API, new and unchanged, beside the bare work on the same body.

    python -m bench.feed [PRODUCTS …]

For each size it prints how long a PUT takes when all is new and when nothing changed, the most
memory that its process held above what it held before, and the bare work of an unchanged one: the
body through `json.loads`, and its fingerprints read in one call."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask.testing import FlaskClient

from bench.measuring import machine, unit_vectors
from lookalike.bootstrap import Services, make_accounts, make_services
from lookalike.catalog.change import Outcome, settle
from lookalike.catalog.product import Part, product_id
from lookalike.index.protocol import Write
from lookalike.running.valkey import valkey_at, wait_until_ready
from lookalike.settings import Settings
from lookalike.telemetry.logs import configure_logs
from webapp.app import create_app

SIZES = (1_000, 10_000, 100_000)
PATH = "/api/v1/catalog/products"


def body_of(size: int) -> bytes:
    """A catalogue as a shop has it, some 450 bytes a product, without pictures."""
    products = [
        {
            "sku": f"SKU-{number:07}",
            "name": f"Молоко ультрапастеризоване {number} Lactel 2.5% 1л",
            "brand": f"Brand {number % 500}",
            "category_path": f"Молочні продукти > Молоко > {number % 40}",
            "description": "Ультрапастеризоване молоко 2.5% жирності, без лактози. " * 2,
            "ingredients": "Молоко коров'яче нормалізоване",
            "country": "Україна",
            "unit": "pcs",
            "weight": 900 + number % 200,
            "barcode": f"482{number:010}",
            "attributes": {"fat": 2.5, "shelf": number % 90},
        }
        for number in range(size)
    ]
    return json.dumps({"products": products}, ensure_ascii=False).encode()


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """A Valkey for the block; gives its URL."""
    argv, url = valkey_at(folder / "valkey")
    process = subprocess.Popen(argv)
    try:
        wait_until_ready(url, process, 10)
        yield url
    finally:
        process.terminate()
        process.wait()


def resident_mb() -> float:
    """What this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def peak_mb() -> Iterator[list[float]]:
    """The most memory that this process holds during the block, above what it held before."""
    before, peak, done = resident_mb(), [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            peak[0] = max(peak[0], resident_mb() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def put(client: FlaskClient, key: str, body: bytes) -> tuple[float, float]:
    """Seconds and megabytes of one upload."""
    headers = {"X-API-Key": key}
    with peak_mb() as peak:
        started = time.perf_counter()
        answer = client.put(PATH, data=body, headers=headers, content_type="application/json")
        seconds = time.perf_counter() - started
    if answer.status_code != 202:
        raise RuntimeError(answer.text)
    return seconds, peak[0]


@dataclass(frozen=True)
class Shop:
    """A catalogue to upload into. Handed to processes, each of which does one thing."""

    folder: Path
    redis_url: str
    key: str

    @property
    def body(self) -> Path:
        """The upload, as a file."""
        return self.folder / "body.json"

    @contextmanager
    def opened(self) -> Iterator[Services]:
        """The services of this process."""
        configure_logs("warning")
        services = make_services(Settings(data_dir=self.folder, redis_url=self.redis_url))
        try:
            yield services
        finally:
            services.index.close()


def write_body(shop: Shop, size: int) -> int:
    """Writes the upload; its bytes."""
    return shop.body.write_bytes(body_of(size))


def upload(shop: Shop, times: int) -> tuple[float, float]:
    """The quickest of some uploads in seconds, and the most memory that one of them took."""
    body = shop.body.read_bytes()
    with shop.opened() as services:
        client = create_app(services).test_client()
        done = [put(client, shop.key, body) for _ in range(times)]
    return min(seconds for seconds, _ in done), max(megabytes for _, megabytes in done)


def embed_all(shop: Shop) -> None:
    """Completes what is owed, without a model: every product gets some vector."""
    with shop.opened() as services:
        tenant = services.callers.authenticate(shop.key).tenant
        [vector] = unit_vectors(1, services.pack.dimensions)
        while owed := services.index.owed(None, 1000):
            writes = []
            for each in services.index.get(tenant, [id for _, id in owed]).values():
                change = settle(each.product, Outcome(each.product, {Part.TEXT: vector}))
                assert change is not None
                writes.append(Write(change.product, each.revision, change.vectors))
            services.index.write(tenant, writes)


def bare_s(shop: Shop) -> float:
    """Seconds of the bare work of an unchanged upload, the best of three."""
    body = shop.body.read_bytes()
    with shop.opened() as services:
        tenant = services.callers.authenticate(shop.key).tenant
        ids = [product_id(tenant, each["sku"]) for each in json.loads(body)["products"]]
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            json.loads(body)
            services.index.fingerprints(tenant, ids)
            best = min(best, time.perf_counter() - started)
    return best


def measure(size: int, folder: Path) -> str:
    """A line of the table. Each step has a process of its own, so that none finds the memory
    that another one used and left."""
    spawn = multiprocessing.get_context("spawn")
    with (
        valkey(folder) as url,
        ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as apart,
    ):
        key = make_accounts(Settings(data_dir=folder)).open() or ""
        shop = Shop(folder, url, key)
        length = apart.submit(write_body, shop, size).result()
        new_s, new_mb = apart.submit(upload, shop, 1).result()
        apart.submit(embed_all, shop).result()
        same_s, same_mb = apart.submit(upload, shop, 3).result()
        bare = apart.submit(bare_s, shop).result()
    return (
        f"| {size:,} | {length / 1e6:.1f} MB | {new_s:.2f} s | {new_mb:.0f} MB | {same_s:.2f} s "
        f"| {same_mb:.0f} MB | {bare * 1000:.0f} ms | {same_s / bare:.1f} |"
    )


def main(sizes: list[int]) -> None:
    """Prints a table."""
    print(machine())
    print("| products | body | new | memory | unchanged | memory | bare | unchanged / bare |")
    print("|---|---|---|---|---|---|---|---|")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(size, Path(folder)), flush=True)


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or list(SIZES))
