"""Products and vectors for the tests of the embedded index."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from lookalike.catalog.product import Facts, Part, PartState, Product
from lookalike.index.protocol import ProductIndex, Vector, VectorSpace, Write
from lookalike.index.sqlite.products import SqliteProductIndex

TENANTS = [f"7f2c1a34-0c55-4b0e-9a5e-{number:012}" for number in range(3)]
TENANT = TENANTS[0]
SPACE = VectorSpace("the-model", 8)


def open_index(path: Path) -> SqliteProductIndex:
    return SqliteProductIndex(path, SPACE, 16 * 1024 * 1024)


def product(key: str, tenant: str = TENANT, *, is_active: bool = True) -> Product:
    return Product(
        tenant=tenant,
        key=key,
        key_generated=False,
        facts=Facts(name=key),
        is_active=is_active,
        image=PartState.DONE,
        text=PartState.DONE,
        image_digest="image",
        text_digest="text",
        failure=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def axis(number: int) -> Vector:
    """A unit vector along one of the axes."""
    vector = np.zeros(SPACE.dimensions, dtype=np.float32)
    vector[number] = 1
    return vector


def put(index: ProductIndex, keys: Iterable[str], tenant: str = TENANT) -> None:
    """Creates products, or changes them, all with the same image vector."""
    made = [product(key, tenant) for key in keys]
    known = index.get(tenant, [each.id for each in made])
    writes = [
        Write(each, known[each.id].revision if each.id in known else None, {Part.IMAGE: axis(0)})
        for each in made
    ]
    assert all(index.write(tenant, writes))
