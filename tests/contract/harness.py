"""Each adapter over a store of its own, and products to put in: what the suites of the product
index and the account store speak through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lookalike.catalog.product import Facts, Failure, Part, PartState, Product
from lookalike.index.editions import FIRST, Edition
from lookalike.index.elasticsearch import ElasticsearchEngine
from lookalike.index.engine.connecting import Address
from lookalike.index.engine.editions import EngineEditions
from lookalike.index.engine.setup import Naming, prepare_accounts
from lookalike.index.opensearch import OpenSearchEngine
from lookalike.index.protocol import ProductIndex, Vector, VectorSpace, Write
from lookalike.index.sqlite.products import SqliteProductIndex

TENANT = "7f2c1a34-0c55-4b0e-9a5e-111111111111"
OTHER = "7f2c1a34-0c55-4b0e-9a5e-222222222222"
SPACE = VectorSpace(model="the-model", dimensions=4)
MONDAY = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
MEMORY_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Engine:
    """One adapter over a store that begins empty.

    `open` makes another index over the same store and can be sent to another process; `settle`
    returns once everything written can be searched and listed.
    """

    open: Callable[[VectorSpace], ProductIndex]
    settle: Callable[[], None]


def open_sqlite(path: Path, space: VectorSpace) -> ProductIndex:
    return SqliteProductIndex(path, space, MEMORY_BYTES)


def at_once() -> None:
    """What settling is where a write can be read as soon as it is done."""


def sqlite_engine(folder: Path) -> Engine:
    return Engine(open=partial(open_sqlite, folder / "catalogue.sqlite3"), settle=at_once)


def open_engine(kind: str, url: str, prefix: str, space: VectorSpace) -> ProductIndex:
    edition = Edition(name=FIRST, pack="-", model=space.model, dimensions=space.dimensions)
    editions = open_editions(kind, url, prefix)
    editions.make(edition)
    editions.fence(edition, 0)
    return editions.open(edition, 0)


def open_editions(kind: str, url: str, prefix: str) -> EngineEditions:
    engine, naming = connect(kind, url), Naming(prefix)
    accounts = prepare_accounts(engine, naming)
    return EngineEditions(engine, naming, accounts, "int8_hnsw", 400)


def connect(kind: str, url: str) -> ElasticsearchEngine | OpenSearchEngine:
    make = ElasticsearchEngine if kind == "elasticsearch" else OpenSearchEngine
    return make(Address(url=url), 30.0)


def refresh(kind: str, url: str, prefix: str) -> None:
    engine = connect(kind, url)
    engine.call("POST", f"/{prefix}-products-*/_refresh")
    engine.close()


def remote_engine(kind: str, url: str, prefix: str) -> Engine:
    return Engine(
        open=partial(open_engine, kind, url, prefix), settle=partial(refresh, kind, url, prefix)
    )


def remove(kind: str, url: str, prefix: str) -> None:
    """Leaves nothing of a test on a server that others use."""
    engine = connect(kind, url)
    for name in engine.call("GET", f"/{prefix}-*").body:
        engine.call("DELETE", f"/{name}")
    for of in ("_index_template", "_component_template"):
        engine.call("DELETE", f"/{of}/{prefix}-*")
    engine.close()


ENGINES = ("sqlite", "elasticsearch", "opensearch")


def product(key: str = "A", *, tenant: str = TENANT, minute: int = 0, **facts: Any) -> Product:
    """A product that owes nothing, created so many minutes after the others."""
    moment = MONDAY + timedelta(minutes=minute)
    return Product(
        tenant=tenant,
        key=key,
        key_generated=False,
        facts=Facts(name=f"Product {key}", **facts),
        is_active=True,
        image=PartState.DONE,
        text=PartState.DONE,
        image_digest="image",
        text_digest="text",
        failure=None,
        created_at=moment,
        updated_at=moment,
    )


def owing(made: Product) -> Product:
    return replace(made, text=PartState.OWED)


def failed(made: Product) -> Product:
    return replace(made, image=PartState.FAILED, failure=Failure("It is gone.", "refused"))


def inactive(made: Product) -> Product:
    return replace(made, is_active=False)


def unit(*values: float) -> Vector:
    """A vector of unit length in `SPACE`, of these first values."""
    vector = np.zeros(SPACE.dimensions, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector).astype(np.float32)


def create(
    index: ProductIndex, made: Product, vectors: Mapping[Part, Vector | None] | None = None
) -> Product:
    """Writes a product that is not there yet."""
    assert index.write(made.tenant, [Write(made, None, vectors or {})]) == [True]
    return made


def change(
    index: ProductIndex, made: Product, vectors: Mapping[Part, Vector | None] | None = None
) -> Product:
    """Writes a product over what is there under its id."""
    revision = index.get(made.tenant, [made.id])[made.id].revision
    assert index.write(made.tenant, [Write(made, revision, vectors or {})]) == [True]
    return made
