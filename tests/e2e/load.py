"""Constant load: merchants that upload and shoppers that search, all at once, each counting what
was accepted and writing down every request that failed."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.harness import Shop

PAUSE_S = 0.05
"""Between two searches of a client, so that the machine has room for the processes that start;
uploads come more rarely, so that all can be embedded while the test waits."""


class Client:
    """One client; `keeps`: it uses a connection as long as the service lets it, and never sends a
    request twice."""

    def __init__(self, shop: Shop, *, keeps: bool) -> None:
        self._headers = {"X-API-Key": shop.key, "Content-Type": "application/json"}
        self._keeps = keeps
        if not keeps:
            self._headers["Connection"] = "close"
        self._address = urlsplit(shop.url).netloc
        self._connection = http.client.HTTPConnection(self._address, timeout=60)

    def __str__(self) -> str:
        return f"a {'kept' if self._keeps else 'fresh'} connection"

    def call(self, method: str, path: str, body: Any) -> Any:
        """The answer. Raises `OSError`, `HTTPException` and, for a status that is none of success,
        `ValueError`."""
        self._connection.request(method, path, json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        data = answer.read()
        if not self._keeps:
            self._connection.close()
        if answer.status >= 300:
            raise ValueError(f"{answer.status}: {data[:300]!r}")
        return json.loads(data)

    def leave(self) -> None:
        """Closes its connection; the next request makes another."""
        self._connection.close()


@dataclass
class Load:
    """What the clients did. `accepted` are products, `jobs` those of the uploads of batches."""

    picture: str
    answered: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    accepted: int = 0
    jobs: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def _product(self) -> dict[str, Any]:
        with self._lock:
            number = next(self._numbers)
        return {
            "image_url": f"{self.picture}?{number}",
            "name": f"Mug {number}",
            "sku": f"{number}",
        }

    def upload_one(self, client: Client) -> None:
        """One product by the visual API."""
        product = self._product()
        wanted = {"external_id": product["sku"], "title": product["name"]}
        client.call("POST", "/v1/catalog/products", wanted | {"image_url": product["image_url"]})
        self._accept(1)

    def upload_many(self, client: Client) -> None:
        """A batch by the feed API, which makes a job."""
        answer = client.call(
            "PUT", "/api/v1/catalog/products", {"products": [self._product() for _ in range(5)]}
        )
        self._accept(answer["created"])
        self.jobs.append(answer["job_id"])

    def search(self, client: Client) -> None:
        """A search by words."""
        client.call("POST", "/v1/catalog/search", {"query": "mug", "max_results": 3})

    def _accept(self, products: int) -> None:
        with self._lock:
            self.accepted += products

    def repeat(self, client: Client, what: Callable[[Client], None], stop: threading.Event) -> None:
        """Does it again and again."""
        while not stop.wait(PAUSE_S if what == self.search else 4 * PAUSE_S):
            try:
                what(client)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.failures.append(f"{what.__name__} by {client}: {error!r}")
                client.leave()
            else:
                with self._lock:
                    self.answered[what.__name__] = self.answered.get(what.__name__, 0) + 1
        client.leave()

    @property
    def requests(self) -> int:
        """How many were answered."""
        return sum(self.answered.values())


@contextmanager
def load_on(shop: Shop, picture: str) -> Iterator[Load]:
    """Clients of each kind, with kept connections and with fresh ones, until it is left."""
    load, stop = Load(picture), threading.Event()
    threads = [
        threading.Thread(target=load.repeat, args=(Client(shop, keeps=keeps), what, stop))
        for what in (load.search, load.upload_one, load.upload_many)
        for keeps in (True, False)
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        stop.set()
        for thread in threads:
            thread.join()
