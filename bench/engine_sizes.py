"""What a search costs as the catalogue grows, on a real server:

    python -m bench.engine_sizes KIND URL [PRODUCTS …]

Products of 128 dimensions are added until there are so many, and at each size a search by vector is
timed: by the adapter, and by the bare client with the same body. All is removed at the end."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

import numpy as np

from bench.measuring import machine, products, summary, times_ms, unit_vectors
from lookalike.bootstrap import make_editions
from lookalike.catalog.product import Part
from lookalike.index.editions import FIRST, Edition
from lookalike.index.engine import bodies
from lookalike.index.protocol import Nearest, VectorSpace, Write
from lookalike.settings import Settings

SIZES = (10_000, 100_000, 1_000_000)
DIMENSIONS = 128
CHUNK = 1_000
CALLS = 200
TENANT = str(uuid.uuid4())
SPACE = VectorSpace("bench", DIMENSIONS)


def main() -> None:
    kind, url, *sizes = sys.argv[1:]
    wanted = [int(each) for each in sizes] or list(SIZES)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            index_url=f"{kind}+{url}",
            index_prefix=f"bench-{uuid.uuid4().hex[:8]}",
            index_timeout_s=120.0,
        )
        measure(settings, wanted)


def measure(settings: Settings, sizes: list[int]) -> None:
    editions = make_editions(settings)
    edition = Edition(name=FIRST, pack="-", model=SPACE.model, dimensions=DIMENSIONS)
    editions.make(edition)
    editions.fence(edition, 0)
    index = editions.open(edition, 0)
    engine = editions._engine  # type: ignore[attr-defined]
    name = f"{settings.index_prefix}-products-{FIRST}"
    queries = unit_vectors(CALLS + 10, DIMENSIONS, seed=2)

    def bare(number: int) -> object:
        asked = Nearest(part=Part.IMAGE, vector=queries[number], limit=20)
        explored = settings.index_candidates
        body = bodies.near(engine.dialect, TENANT, SPACE.model, asked, 200, explored)
        return engine.call("POST", f"/{name}/_search", body, {"routing": TENANT})

    def ours(number: int) -> object:
        asked = Nearest(part=Part.IMAGE, vector=queries[number], limit=20)
        return index.nearest(TENANT, asked)

    print(f"{kind_of(engine)}, {machine()}; {DIMENSIONS} dimensions")
    medians, there = [], 0
    try:
        for size in sizes:
            started = time.perf_counter()
            for start in range(there, size, CHUNK):
                vectors = unit_vectors(CHUNK, DIMENSIONS, seed=1_000 + start)
                index.write(
                    TENANT,
                    [
                        Write(product, None, {Part.IMAGE: vector})
                        for product, vector in zip(
                            products(TENANT, CHUNK, start), vectors, strict=True
                        )
                    ],
                )
            rate = (size - there) / (time.perf_counter() - started)
            there = size
            index.refresh()
            times = times_ms(ours, CALLS)
            medians.append(statistics.median(times))
            print(f"{size:>9,} products ({rate:,.0f} written a second)")
            print(f"  bare client {summary(times_ms(bare, CALLS))}")
            print(f"  adapter     {summary(times)}", flush=True)
        print(f"from first to last: {np.divide(medians[-1], medians[0]):.2f} x, at most 3")
    finally:
        for found in engine.call("GET", f"/{settings.index_prefix}-*").body:
            engine.call("DELETE", f"/{found}")
        for of in ("_index_template", "_component_template"):
            engine.call("DELETE", f"/{of}/{settings.index_prefix}-*")
        editions.close()


def kind_of(engine: object) -> str:
    """The server's name and version."""
    version = ".".join(map(str, engine.version))  # type: ignore[attr-defined]
    return f"{engine.dialect.name} {version}"  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
