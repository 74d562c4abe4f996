"""What the benchmarks share: catalogues of random vectors, a running service, and times."""

from __future__ import annotations

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil
from numpy.typing import NDArray

from lookalike.bootstrap import make_accounts, make_index
from lookalike.catalog.product import Facts, Part, PartState, Product
from lookalike.embedding.packs import Pack, builtin_pack_folder, load_pack
from lookalike.index.protocol import Write
from lookalike.settings import Settings

CATEGORIES = ("Outerwear > Jackets", "Outerwear", "Shoes > Boots", "Bags", "Home > Lamps")


def machine() -> str:
    """The machine in a line, for the head of a table."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} cores, {memory_gb:.0f} GB, Python {sys.version.split()[0]}"


def unit_vectors(count: int, dimensions: int, seed: int = 1) -> NDArray[np.float32]:
    """Random vectors of unit length around 200 centres, [count, dimensions]."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((200, dimensions), dtype=np.float32)
    vectors = centres[chance.integers(0, 200, count)]
    vectors += 0.8 * chance.standard_normal((count, dimensions), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def products(tenant: str, count: int, first: int = 0) -> Iterator[Product]:
    """Completed products, told apart by their number."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(first, first + count):
        yield Product(
            tenant=tenant,
            key=f"sku-{number:07}",
            key_generated=False,
            facts=Facts(
                name=f"Product number {number}",
                image_url=f"https://shop.example/{number}.jpg",
                category_path=CATEGORIES[number % len(CATEGORIES)],
                price=number % 500,
                currency="USD",
            ),
            is_active=True,
            image=PartState.DONE,
            text=PartState.DONE,
            image_digest="-",
            text_digest="-",
            failure=None,
            created_at=start + timedelta(seconds=number),
            updated_at=start,
        )


def fill(settings: Settings, count: int) -> tuple[str, list[str], NDArray[np.float32]]:
    """A catalogue of `count` embedded products; gives a key, their ids, and their vectors."""
    pack: Pack = load_pack(builtin_pack_folder())
    accounts = make_accounts(settings)
    key = accounts.open() or ""
    tenant = accounts.tenant(None).id
    index = make_index(settings)
    vectors = unit_vectors(count, pack.dimensions)
    ids = []
    for start in range(0, count, 1000):
        chunk = list(products(tenant, min(1000, count - start), start))
        ids += [product.id for product in chunk]
        index.write(
            tenant,
            [
                Write(product, None, {Part.IMAGE: vector, Part.TEXT: vector})
                for product, vector in zip(chunk, vectors[start:], strict=False)
            ],
        )
    index.close()
    return key, ids, vectors


@contextmanager
def serving(settings: Settings, **environment: str) -> Iterator[tuple[str, int]]:
    """Runs `lookalike up` over the settings' folder; gives its URL and its pid."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lookalike.cli", "up", "--port", "0"],
        env=os.environ
        | {"LOOKALIKE_DATA_DIR": str(settings.data_dir), "LOOKALIKE_LOG_LEVEL": "warning"}
        | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"http://[^\s,]+\d", line):
                yield found[0], process.pid
                return
        raise RuntimeError("the service did not start")
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


class Caller:
    """A client on one connection that is kept open."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        self._headers = {"X-API-Key": key, "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer; anything but 2xx raises."""
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, self._headers)
        answer = self._connection.getresponse()
        document = json.loads(answer.read())
        if answer.status >= 300:
            raise RuntimeError(document)
        return document


class NoInternet:
    """A `PictureSource` for those who bring their pictures along."""

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        raise NotImplementedError


def times_ms(call: Callable[[int], object], count: int, warm_up: int = 5) -> list[float]:
    """How long each of `count` calls took, after a few that do not count."""
    for number in range(warm_up):
        call(number)
    taken = []
    for number in range(count):
        started = time.perf_counter()
        call(number)
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def times_of_callers_ms(
    make: Callable[[], Callable[[int], object]], callers: int, count: int
) -> list[float]:
    """The same for several callers at once, each with its own call."""
    calls = [make() for _ in range(callers)]
    with ThreadPoolExecutor(callers) as pool:
        return [ms for taken in pool.map(lambda call: times_ms(call, count), calls) for ms in taken]


def summary(taken: Sequence[float]) -> str:
    """Median and 99th percentile of some milliseconds."""
    return f"median {statistics.median(taken):6.2f} ms, p99 {np.percentile(taken, 99):6.2f} ms"


def resident_mb(pid: int) -> float:
    """The memory that a process and its children hold, pages shared between them counted once."""
    process, total = psutil.Process(pid), 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += each.memory_full_info().pss
    return total / 2**20


def fresh_folder(parent: Path) -> Settings:
    """Settings over a new folder."""
    return Settings(data_dir=parent / uuid.uuid4().hex)
