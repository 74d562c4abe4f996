"""What every product index lists and counts."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from lookalike.catalog.product import EmbeddingStatus, PartState, PictureSeen, Product
from lookalike.index.protocol import Counts, ListFilters, Listing, Page, ProductIndex, Write
from tests.contract.harness import (
    MONDAY,
    OTHER,
    TENANT,
    Engine,
    change,
    create,
    failed,
    inactive,
    owing,
    product,
)


@pytest.fixture
def many(engine: Engine, index: ProductIndex) -> list[Product]:
    """25 products, several of the same moment, in the order that a list has."""
    made = [product(f"K{n}", minute=n // 4) for n in range(25)]
    index.write(TENANT, [Write(each, None) for each in random.Random(5).sample(made, 25)])
    create(index, product("theirs", tenant=OTHER, minute=3))
    engine.settle()
    by_id = sorted(made, key=lambda each: each.id)
    return sorted(by_id, key=lambda each: each.created_at, reverse=True)


def walk(index: ProductIndex, limit: int, filters: ListFilters) -> list[Page]:
    pages = [index.page(TENANT, Listing(limit=limit, filters=filters))]
    while pages[-1].next:
        listing = Listing(limit=limit, after=pages[-1].next, filters=filters)
        pages.append(index.page(TENANT, listing))
    return pages


def keys(index: ProductIndex, filters: ListFilters) -> set[str]:
    """The keys that a filter leaves, of which the total tells too."""
    page = index.page(TENANT, Listing(limit=50, filters=filters))
    assert page.total == len(page.products)
    return {each.key for each in page.products}


@pytest.mark.parametrize("limit", [1, 4, 7, 25, 50])
def test_walking_by_position_and_by_skipping_shows_the_same(
    index: ProductIndex, many: list[Product], limit: int
) -> None:
    walked = walk(index, limit, ListFilters())
    skipped = [index.page(TENANT, Listing(limit=limit, skip=skip)) for skip in range(0, 25, limit)]
    assert [each for page in walked for each in page.products] == many
    assert [page.products for page in skipped] == [page.products for page in walked]
    assert [page.next for page in skipped] == [page.next for page in walked]
    assert {page.total for page in walked} == {25}


def test_a_page_beyond_the_end_is_empty(index: ProductIndex, many: list[Product]) -> None:
    page = index.page(TENANT, Listing(limit=10, skip=25))
    assert (page.products, page.total, page.next) == ([], 25, None)


def test_one_goes_on_behind_a_product_that_was_deleted_meanwhile(
    index: ProductIndex, engine: Engine, many: list[Product]
) -> None:
    first = index.page(TENANT, Listing(limit=5))
    index.delete(TENANT, [many[4].id, many[5].id])
    engine.settle()
    assert index.page(TENANT, Listing(limit=5, after=first.next)).products == many[6:11]


def test_a_list_shows_inactive_products_too(index: ProductIndex, engine: Engine) -> None:
    create(index, product("on"))
    create(index, inactive(product("off")))
    engine.settle()
    assert keys(index, ListFilters()) == {"on", "off"}
    assert keys(index, ListFilters(is_active=True)) == {"on"}
    assert keys(index, ListFilters(is_active=False)) == {"off"}


def test_a_key_is_found_exactly_as_external_id_never_a_generated_one(
    index: ProductIndex, engine: Engine
) -> None:
    for key in ("A", "a", "A/B", "🧥"):
        create(index, product(key))
    create(index, replace(product("made-up"), key_generated=True))
    engine.settle()
    for key in ("A", "a", "A/B", "🧥"):
        assert keys(index, ListFilters(key=key)) == {key}
        assert keys(index, ListFilters(external_id=key)) == {key}
    assert keys(index, ListFilters(key="made-up")) == {"made-up"}
    assert keys(index, ListFilters(external_id="made-up")) == set()
    assert keys(index, ListFilters(key="B")) == keys(index, ListFilters(external_id="B")) == set()


def test_a_plain_sku_is_found_exactly(index: ProductIndex, engine: Engine) -> None:
    create(index, product("1", sku="S-1"))
    create(index, product("2", sku="S-1", minute=1))
    create(index, product("3", sku="s-1"))
    create(index, product("S-1"))
    engine.settle()
    assert keys(index, ListFilters(sku="S-1")) == {"1", "2"}


def test_brand_and_category_match_any_part_of_the_folded_text(
    index: ProductIndex, engine: Engine
) -> None:
    create(index, product("1", brand="Café 100%_Noir", category_path="Взуття > Кросівки"))
    create(index, product("2", brand="CAFE", category_path="Shoes > Sneakers"))
    create(index, product("3"))
    engine.settle()
    assert keys(index, ListFilters(brand="cafe")) == {"1", "2"}
    assert keys(index, ListFilters(brand="%_n")) == {"1"}
    assert keys(index, ListFilters(brand="%")) == {"1"}
    assert keys(index, ListFilters(category="кросівки")) == {"1"}
    assert keys(index, ListFilters(category="es > sn")) == {"2"}
    assert keys(index, ListFilters(brand="cafe", category="sneak")) == {"2"}


def test_pending_and_processing_both_mean_owed(index: ProductIndex, engine: Engine) -> None:
    create(index, product("done"))
    create(index, owing(product("owing")))
    create(index, failed(product("failed")))
    create(index, owing(inactive(product("off"))))
    engine.settle()
    assert keys(index, ListFilters(status=EmbeddingStatus.PENDING)) == {"owing", "off"}
    assert keys(index, ListFilters(status=EmbeddingStatus.PROCESSING)) == {"owing", "off"}
    assert keys(index, ListFilters(status=EmbeddingStatus.COMPLETED)) == {"done"}
    assert keys(index, ListFilters(status=EmbeddingStatus.FAILED)) == {"failed"}
    assert keys(index, ListFilters(status=EmbeddingStatus.PENDING, is_active=True)) == {"owing"}


def test_filters_hold_while_one_walks(
    index: ProductIndex, engine: Engine, many: list[Product]
) -> None:
    chosen = [replace(each, facts=replace(each.facts, brand="Acme")) for each in many[::2]]
    for each in chosen:
        change(index, each)
    engine.settle()
    pages = walk(index, 5, ListFilters(brand="acme"))
    assert [each for page in pages for each in page.products] == chosen
    assert {page.total for page in pages} == {13}


def test_what_is_owed_is_paged_over_all_tenants(index: ProductIndex, engine: Engine) -> None:
    expected = []
    for tenant in (OTHER, TENANT):
        for n in range(4):
            made = create(index, owing(product(f"K{n}", tenant=tenant)))
            expected.append((tenant, made.id))
        create(index, product("done", tenant=tenant))
        create(index, failed(product("failed", tenant=tenant)))
        create(index, owing(inactive(product("off", tenant=tenant))))
    engine.settle()
    expected.sort()
    paged, after = [], None
    while page := index.owed(after, 3):
        paged += page
        after = page[-1]
    assert paged == expected
    assert index.owed(None, 100) == expected


def completed(made: Product) -> Product:
    return made


def test_counts_are_of_active_products_and_always_sum(index: ProductIndex, engine: Engine) -> None:
    assert index.counts(TENANT) == Counts(stored=0, accepted=0, completed=0, failed=0, owed=0)
    create(index, owing(product("theirs", tenant=OTHER)))
    latest = {create(index, product(f"K{n}")).key: completed for n in range(8)}
    rng = random.Random(3)
    for _ in range(30):
        key, state = rng.choice(list(latest)), rng.choice([completed, owing, failed, inactive])
        change(index, state(product(key)))
        latest[key] = state
        engine.settle()
        states = list(latest.values())
        assert index.counts(TENANT) == Counts(
            stored=8,
            accepted=8 - states.count(inactive),
            completed=states.count(completed),
            failed=states.count(failed),
            owed=states.count(owing),
        )
    index.delete(TENANT, [product(key).id for key in latest])
    engine.settle()
    assert index.counts(TENANT).stored == index.counts(TENANT).accepted == 0


def seen(made: Product, minute: int) -> Product:
    """The product, its picture last looked at in that minute."""
    checked_at = MONDAY + timedelta(minutes=minute)
    return replace(
        made, picture=PictureSeen(digest="d", etag=None, last_modified=None, checked_at=checked_at)
    )


def test_pictures_not_looked_at_for_long_come_longest_ago_first(
    index: ProductIndex, engine: Engine
) -> None:
    create(index, seen(product("new"), 9))
    create(index, seen(product("old"), 2))
    create(index, seen(product("theirs", tenant=OTHER), 1))
    create(index, product("unknown"))
    create(index, inactive(seen(product("inactive"), 0)))
    create(index, failed(seen(product("failed"), 0)))
    create(index, replace(product("no picture"), image=PartState.ABSENT))
    engine.settle()
    expected = [product("unknown"), product("theirs", tenant=OTHER), product("old")]
    before = MONDAY + timedelta(minutes=9)
    assert index.unchecked(before, 10) == [(each.tenant, each.id) for each in expected]
    assert index.unchecked(before, 2) == [(each.tenant, each.id) for each in expected[:2]]
