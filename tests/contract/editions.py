"""What the suites of editions speak through: editions over a store of their own, opened as often as
there would be processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lookalike.catalog.product import Product
from lookalike.index.editions import FIRST, Edition, Editions, State, opened
from lookalike.index.protocol import ProductIndex, Write
from lookalike.index.twin import TwinIndex
from lookalike.index.watch import Watch
from lookalike.remodel.remodel import Remodel
from tests.contract.harness import TENANT, product

OLD = Edition(name=FIRST, pack="old", model="old-model", dimensions=4)
NEW = Edition(name="-", pack="new", model="new-model", dimensions=8)

Open = Callable[[], Editions]


def describe(name: str, pack: str) -> Edition:
    return replace({"old": OLD, "new": NEW}[pack], name=name)


def remodel(editions: Editions, tenants: tuple[str, ...] = (TENANT,)) -> Remodel:
    return Remodel(editions, describe, lambda: tenants)


def process(open_editions: Open) -> TwinIndex:
    """The products as another process sees them."""
    editions = open_editions()
    opened(editions, OLD)
    return TwinIndex(Watch(editions), OLD.model)


def serving(editions: Editions, state: State) -> ProductIndex:
    return editions.open(state.serving, state.epoch)


def other(editions: Editions, state: State) -> ProductIndex:
    assert state.other is not None
    return editions.open(state.other, state.epoch)


def copied(editions: Editions) -> Remodel:
    """A change to the new model that is begun, and filled."""
    change = remodel(editions)
    change.begin("new")
    for _ in change.copy():
        pass
    return change


def made(key: str, **facts: Any) -> Product:
    """A product whose vectors are the old model's."""
    return product(key, image_url=f"https://example.com/{key}.jpg", **facts)


def put(index: ProductIndex, wanted: Product) -> bool:
    """Writes a product, whatever is there; False where another writer came between."""
    stored = index.get(wanted.tenant, [wanted.id]).get(wanted.id)
    return index.write(wanted.tenant, [Write(wanted, stored.revision if stored else None)]) == [
        True
    ]


def stamps(index: ProductIndex) -> dict[str, str]:
    index.refresh()
    return {each.id: each.state for each in index.stamps(None, 10_000)}
