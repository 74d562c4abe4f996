"""Elasticsearch and OpenSearch under the service, beside the bare client with the same bodies:

    python -m bench.engines KIND URL VECTORS.npy [PRODUCTS]

KIND is elasticsearch or opensearch, URL a server of it, VECTORS.npy from `bench.photo_vectors`. It
prints the rate of writing, the recall of the first ten under filters, the times of a search for one
and for four callers, the same while products are written, and the bytes that a product takes. What
it makes on the server begins with `bench-` and is removed at the end."""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import elasticsearch.helpers
import numpy as np
import opensearchpy.helpers
from numpy.typing import NDArray

from bench.measuring import (
    Caller,
    machine,
    products,
    serving,
    summary,
    times_ms,
    times_of_callers_ms,
)
from lookalike.bootstrap import edition_of, make_accounts, make_editions
from lookalike.catalog.product import Part, Product
from lookalike.index.editions import FIRST, opened
from lookalike.index.engine import bodies
from lookalike.index.engine.fields import fields, vector_fields
from lookalike.index.engine.setup import Naming
from lookalike.index.protocol import Nearest, ProductIndex, SearchFilters, Write
from lookalike.settings import Settings

CALLS = 200
QUERIES = 100
CHUNK = 500
BARE = 20_000
"""Products that the bare helper writes: enough for a rate."""

SEARCH = "/v1/catalog/search"
SHARES = {"Half": 0.5, "Tenth": 0.1, "Hundredth": 0.01}
HELPERS = {"elasticsearch": elasticsearch.helpers, "opensearch": opensearchpy.helpers}

Floats = NDArray[np.float32]


@dataclass
class Stand:
    """A catalogue on a server, and what is compared with it."""

    settings: Settings
    index: ProductIndex
    engine: Any
    name: str
    tenant: str
    key: str
    vectors: Floats
    queries: Floats

    @cached_property
    def ids(self) -> list[str]:
        return [each.id for each in products(self.tenant, len(self.vectors))]

    @cached_property
    def prices(self) -> NDArray[np.float64]:
        """From 0 to 99.99."""
        return np.random.default_rng(2).integers(0, 10_000, len(self.vectors)) / 100

    @cached_property
    def paths(self) -> list[str]:
        """A category that goes with the vectors: how near each is to one of them."""
        order = np.argsort(-(self.vectors @ self.vectors[0]))
        share = np.empty(len(order))
        share[order] = np.arange(len(order)) / len(order)
        depths = (sum(each < most for most in SHARES.values()) for each in share)
        return [" > ".join(tuple(SHARES)[:depth]) or "Rest" for depth in depths]

    def catalogue(self, tenant: str, count: int) -> Iterator[tuple[Product, Floats]]:
        """Products with a vector, a category and a price."""
        for number, product in enumerate(products(tenant, count)):
            path, price = self.paths[number], float(self.prices[number])
            facts = replace(product.facts, category_path=path, price=price)
            yield replace(product, facts=facts), self.vectors[number]

    def write(self, tenant: str, count: int) -> float:
        """Through the adapter; products a second."""
        started, chunk = time.perf_counter(), []
        for product, vector in self.catalogue(tenant, count):
            chunk.append(Write(product, None, {Part.IMAGE: vector}))
            if len(chunk) == CHUNK:
                self.index.write(tenant, chunk)
                chunk = []
        self.index.write(tenant, chunk)
        return count / (time.perf_counter() - started)

    def write_bare(self, count: int) -> float:
        """The same documents through the client's own helper; products a second."""
        name = f"{self.settings.index_prefix}-products-bare"
        actions = (
            {
                "_op_type": "create",
                "_index": name,
                "_id": product.id,
                "routing": self.tenant,
                "_source": fields(product) | vector_fields({Part.IMAGE: vector}, "m"),
            }
            for product, vector in self.catalogue(self.tenant, count)
        )
        self.engine.call("PUT", f"/{name}", {})
        started = time.perf_counter()
        HELPERS[self.engine.dialect.name].bulk(self.engine._client, actions, chunk_size=CHUNK)
        rate = count / (time.perf_counter() - started)
        self.engine.call("DELETE", f"/{name}")
        return rate

    def bare(self, number: int) -> object:
        """What a search by product sends, through the client alone: a product's vector is read, and
        its nearest are searched."""
        params = {
            "routing": self.tenant,
            "_source_includes": "image_vector",
            **self.engine.dialect.reading_vectors(self.engine.version),
        }
        path = f"/{self.name}/_doc/{self.ids[number]}"
        found = self.engine.call("GET", path, None, params).body
        return self.bare_search(np.array(found["_source"]["image_vector"], dtype=np.float32))

    def bare_search(self, vector: Floats) -> object:
        """The second half of it."""
        asked = Nearest(part=Part.IMAGE, vector=vector, limit=20)
        model, explored = self.index._space.model, self.settings.index_candidates  # type: ignore[attr-defined]
        body = bodies.near(self.engine.dialect, self.tenant, model, asked, 200, explored)
        return self.engine.call("POST", f"/{self.name}/_search", body, {"routing": self.tenant})

    def by_product(self, url: str) -> Callable[[int], object]:
        """The same through the service."""
        caller = Caller(url, self.key)
        return lambda number: caller.call("POST", SEARCH, {"product_id": self.ids[number]})

    def served(self) -> Any:
        """The service over this catalogue."""
        location, prefix = self.settings.index_location, self.settings.index_prefix
        return serving(self.settings, LOOKALIKE_INDEX_URL=location, LOOKALIKE_INDEX_PREFIX=prefix)


def writing(stand: Stand) -> None:
    count = len(stand.vectors)
    bare = stand.write_bare(min(BARE, count))
    rate = stand.write(stand.tenant, count)
    stand.index.refresh()
    print(f"  written {rate:,.0f} a second, helpers.bulk {bare:,.0f}: {rate / bare:.2f} of 0.70")


def recall(stand: Stand, filters: SearchFilters, allowed: NDArray[np.bool_]) -> float:
    """The share of the exact first ten that is found; equally near ones are as good."""
    rows, found = np.flatnonzero(allowed), []
    for query in stand.queries:
        cosines = stand.vectors[rows] @ query
        tenth = np.sort(cosines)[-min(10, len(rows))]
        asked = Nearest(part=Part.IMAGE, vector=query, limit=10, filters=filters)
        hits = stand.index.nearest(stand.tenant, asked).hits
        found.append(sum(hit.cosine >= tenth - 1e-5 for hit in hits) / min(10, len(rows)))
    return float(np.mean(found))


def recalls(stand: Stand) -> None:
    """Without a filter, and with a category and a price that keep 50%, 10% and 1%."""
    everything = np.ones(len(stand.vectors), dtype=np.bool_)
    print(f"  recall@10, no filter: {recall(stand, SearchFilters(), everything):.3f}")
    for depth, (name, share) in enumerate(SHARES.items(), start=1):
        path = tuple(each.lower() for each in tuple(SHARES)[:depth])
        within = np.array([name in each for each in stand.paths])
        by_category = recall(stand, SearchFilters(category=path), within)
        cheap = stand.prices <= 100 * share
        by_price = recall(stand, SearchFilters(max_price=100 * share), cheap)
        print(f"  recall@10, {share:.0%} left: category {by_category:.3f}, price {by_price:.3f}")


def searches(stand: Stand) -> None:
    """Through the service and through the bare client, for one caller and for four."""
    search = times_ms(lambda number: stand.bare_search(stand.vectors[number]), CALLS)
    print(f"  the search alone, bare client {summary(search)}")
    with stand.served() as (url, _):
        for callers in (1, 4):
            bare = times_of_callers_ms(lambda: stand.bare, callers, CALLS)
            ours = times_of_callers_ms(lambda: stand.by_product(url), callers, CALLS)
            print(f"  {callers} caller(s): bare client {summary(bare)}")
            print(f"  {callers} caller(s): the service {summary(ours)}")
            if callers == 1:
                judge("search", ours, 1.3 * statistics.median(bare) + 3)


def searches_while_written(stand: Stand) -> None:
    """The same while products are written as fast as they go."""
    with stand.served() as (url, _), ingest(stand):
        bare = times_ms(stand.bare, CALLS)
        ours = times_ms(stand.by_product(url), CALLS)
    print(f"  while written: bare client {summary(bare)}")
    print(f"  while written: the service {summary(ours)}")
    judge("search while written", ours, 1.3 * statistics.median(bare))


@contextmanager
def ingest(stand: Stand) -> Iterator[None]:
    """Products of another tenant are written meanwhile, again and again."""
    stop, tenant = threading.Event(), str(uuid.uuid4())

    def write() -> None:
        while not stop.is_set():
            stand.write(tenant, min(2_000, len(stand.vectors)))
            stand.index.delete_tenant(tenant)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def sizes(stand: Stand, when: str) -> None:
    """What a product takes on the disk, beside what its vector does by the engine's manual."""
    stand.engine.call("POST", f"/{stand.name}/_flush")
    stats = stand.engine.call("GET", f"/{stand.name}/_stats/store,segments").body
    found, width = stats["_all"]["primaries"], stand.vectors.shape[1]
    disk = found["store"]["size_in_bytes"] / len(stand.vectors)
    print(f"  {when}: {disk:,.0f} bytes a product in {found['segments']['count']} segments;")
    print(f"    its vector: {4 * width} as floats, {width + 4} in 8 bits, 64 of graph")


def judge(name: str, taken: Sequence[float], most: float) -> None:
    """Prints a median beside its bound."""
    median = statistics.median(taken)
    print(f"  {name}: {median:.2f} of at most {most:.2f} ms {'ok' if median <= most else 'OVER'}")


@contextmanager
def stood(settings: Settings, vectors: Floats, queries: Floats) -> Iterator[Stand]:
    """An empty catalogue on the server, of which nothing is left afterwards."""
    accounts, editions = make_accounts(settings), make_editions(settings)
    key = accounts.open() or ""
    state = opened(editions, edition_of(settings, FIRST, "mini"))
    engine: Any = editions._engine  # type: ignore[attr-defined]
    name, tenant = Naming(settings.index_prefix).edition(FIRST), accounts.tenant(None).id
    index = editions.open(state.serving, 0)
    try:
        yield Stand(settings, index, engine, name, tenant, key, vectors, queries)
    finally:
        for found in engine.call("GET", f"/{settings.index_prefix}-*").body:
            engine.call("DELETE", f"/{found}")
        for of in ("_index_template", "_component_template"):
            engine.call("DELETE", f"/{of}/{settings.index_prefix}-*")
        editions.close()


def main() -> None:
    kind, url, file, *count = sys.argv[1:]
    every = np.load(file, mmap_mode="r")
    most = len(every) - QUERIES
    kept = np.ascontiguousarray(every[: min(int(count[0]), most) if count else most])
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            index_url=f"{kind}+{url}",
            index_prefix=f"bench-{uuid.uuid4().hex[:8]}",
            index_timeout_s=120.0,
        )
        with stood(settings, kept, np.ascontiguousarray(every[-QUERIES:])) as stand:
            version = ".".join(map(str, stand.engine.version))
            print(f"{kind} {version}, {machine()}; explored {settings.index_candidates}")
            print(f"{len(kept):,} products x {kept.shape[1]}")
            for measure in (writing, recalls, searches, searches_while_written):
                measure(stand)
            sizes(stand, "as written")
            path = f"/{stand.name}/_forcemerge"
            stand.engine.call("POST", path, None, {"max_num_segments": "1"})
            sizes(stand, "merged into one segment")
            print(f"  merged: bare client {summary(times_ms(stand.bare, CALLS))}")


if __name__ == "__main__":
    main()
