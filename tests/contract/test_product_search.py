"""What every product index finds near a vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lookalike.catalog.product import Part, Product
from lookalike.index.protocol import (
    Nearest,
    Neighbours,
    ProductIndex,
    SearchFilters,
    Vector,
    VectorSpace,
)
from tests.contract.harness import (
    OTHER,
    SPACE,
    TENANT,
    Engine,
    change,
    create,
    failed,
    inactive,
    owing,
    product,
    unit,
)

HERE = unit(1)
NEAR = Nearest(part=Part.IMAGE, vector=HERE, limit=10)


def put(index: ProductIndex, engine: Engine, *vectors: Vector) -> list[Product]:
    """Products with these image vectors, called 0, 1, 2 …"""
    made = [
        create(index, product(str(n)), {Part.IMAGE: vector}) for n, vector in enumerate(vectors)
    ]
    engine.settle()
    return made


def near(index: ProductIndex, query: Nearest = NEAR) -> list[str]:
    """The keys of the neighbours, nearest first."""
    return [hit.product.key for hit in index.nearest(TENANT, query).hits]


def test_the_nearest_come_first_with_their_cosines(engine: Engine, index: ProductIndex) -> None:
    made = put(index, engine, unit(0, 1), unit(-1), unit(1, 1), unit(1))
    found = index.nearest(TENANT, replace(NEAR, limit=3))
    assert [hit.product for hit in found.hits] == [made[3], made[2], made[0]]
    assert [hit.cosine for hit in found.hits] == pytest.approx([1, np.sqrt(0.5), 0], abs=1e-5)
    assert found.total == 4


def test_cosines_stay_within_their_range(engine: Engine, index: ProductIndex) -> None:
    rng = np.random.default_rng(7)
    vectors = [unit(*rng.standard_normal(4)) for _ in range(50)]
    put(index, engine, *vectors)
    for vector in vectors:
        found = index.nearest(TENANT, replace(NEAR, vector=vector, limit=50))
        assert all(-1 <= hit.cosine <= 1 for hit in found.hits)
        assert found.hits[0].cosine == pytest.approx(1, abs=1e-5)


def test_each_part_is_searched_on_its_own(engine: Engine, index: ProductIndex) -> None:
    create(index, product("both"), {Part.IMAGE: unit(0, 1), Part.TEXT: HERE})
    create(index, product("text"), {Part.TEXT: unit(1, 1)})
    engine.settle()
    assert near(index) == ["both"]
    assert near(index, replace(NEAR, part=Part.TEXT)) == ["both", "text"]


def test_the_total_counts_beyond_the_limit_all_that_reach_the_threshold(
    engine: Engine, index: ProductIndex
) -> None:
    put(index, engine, *[unit(1, n / 10) for n in range(9)], unit(-1))
    found = index.nearest(TENANT, replace(NEAR, limit=2, at_least=0.5))
    assert [hit.product.key for hit in found.hits] == ["0", "1"]
    assert (found.total, found.exact) == (9, True)


def test_a_product_right_at_the_threshold_is_found(engine: Engine, index: ProductIndex) -> None:
    rng = np.random.default_rng(7)
    vectors = [unit(*rng.standard_normal(4)) for _ in range(40)]
    put(index, engine, *vectors)
    query = replace(NEAR, vector=unit(1, 2, 3, 4), limit=40)
    for number, vector in enumerate(vectors):
        exactly = float(np.dot(vector.astype(np.float64), query.vector.astype(np.float64)))
        assert str(number) in near(index, replace(query, at_least=exactly))
        assert str(number) not in near(index, replace(query, at_least=exactly + 1e-4))


def test_equally_near_ones_come_by_id_however_they_were_written(
    engine: Engine, index: ProductIndex
) -> None:
    made = put(index, engine, *[unit(1, 1)] * 30)
    for each in made[::3]:
        change(index, each, {Part.IMAGE: unit(1, 1)})
    create(index, product("best"), {Part.IMAGE: HERE})
    engine.settle()
    by_id = [each.key for each in sorted(made, key=lambda each: each.id)]
    assert near(index, replace(NEAR, limit=8)) == ["best", *by_id[:7]]
    assert near(index, replace(NEAR, limit=100)) == ["best", *by_id]


def test_only_active_products_are_found(engine: Engine, index: ProductIndex) -> None:
    made = put(index, engine, HERE, unit(1, 1))
    change(index, inactive(made[0]))
    create(index, inactive(product("born so")), {Part.IMAGE: HERE})
    engine.settle()
    assert near(index) == ["1"]
    change(index, made[0])
    engine.settle()
    assert near(index) == ["0", "1"]


def test_a_vector_made_while_a_product_is_inactive_is_found_once_it_is_active(
    engine: Engine, index: ProductIndex
) -> None:
    made = create(index, inactive(product("0")))
    change(index, made, {Part.IMAGE: HERE})
    engine.settle()
    assert near(index) == []
    change(index, product("0"))
    engine.settle()
    assert near(index) == ["0"]


@pytest.mark.parametrize("state", [owing, failed])
def test_a_product_is_found_by_its_old_vector_whatever_it_owes(
    engine: Engine, index: ProductIndex, state: Callable[[Product], Product]
) -> None:
    made = put(index, engine, HERE)
    change(index, state(made[0]))
    engine.settle()
    assert near(index) == ["0"]


def test_what_changes_is_found_as_it_is_now(engine: Engine, index: ProductIndex) -> None:
    first, second, third = put(index, engine, unit(1), unit(1, 1), unit(0, 1))
    assert near(index) == ["0", "1", "2"]
    change(index, third, {Part.IMAGE: HERE})
    change(index, first, {Part.IMAGE: None})
    engine.settle()
    assert near(index) == ["2", "1"]
    index.delete(TENANT, [second.id])
    engine.settle()
    assert near(index) == ["2"]
    create(index, second, {Part.IMAGE: HERE})
    engine.settle()
    assert set(near(index)) == {"1", "2"}


def test_a_product_can_be_left_out(engine: Engine, index: ProductIndex) -> None:
    made = put(index, engine, unit(1), unit(1, 1))
    query = replace(NEAR, limit=1, without=made[0].id)
    found = index.nearest(TENANT, query)
    assert [hit.product.key for hit in found.hits] == ["1"]
    assert found.total == 1
    assert near(index, replace(NEAR, without=product("unknown").id)) == ["0", "1"]


def test_no_tenant_finds_the_products_of_another(engine: Engine, index: ProductIndex) -> None:
    put(index, engine, HERE)
    create(index, product("theirs", tenant=OTHER), {Part.IMAGE: HERE})
    engine.settle()
    assert near(index) == ["0"]
    theirs = index.nearest(OTHER, NEAR)
    assert [hit.product.key for hit in theirs.hits] == ["theirs"]
    assert near(index, replace(NEAR, without=product("theirs", tenant=OTHER).id)) == ["0"]


def test_what_one_tenant_deletes_leaves_no_place_for_the_product_of_another(
    engine: Engine, index: ProductIndex
) -> None:
    (mine,) = put(index, engine, HERE)
    assert near(index) == ["0"]
    index.delete(TENANT, [mine.id])
    create(index, product("theirs", tenant=OTHER), {Part.IMAGE: HERE})
    engine.settle()
    assert index.nearest(TENANT, NEAR) == Neighbours([], 0, exact=True)


def test_nothing_is_near_in_an_empty_catalogue(index: ProductIndex) -> None:
    found = index.nearest(TENANT, NEAR)
    assert (found.hits, found.total) == ([], 0)


def test_only_vectors_of_the_serving_model_are_searched(
    engine: Engine, index: ProductIndex
) -> None:
    made = put(index, engine, HERE, HERE)
    newer = engine.open(VectorSpace("another-model", SPACE.dimensions))
    change(newer, made[0], {Part.IMAGE: HERE})
    engine.settle()
    assert near(newer) == ["0"]
    assert near(index) == ["1"]
    newer.close()


@pytest.fixture
def shop(engine: Engine, index: ProductIndex) -> ProductIndex:
    """Products with categories and prices, the cheaper the further off."""
    goods: dict[str, tuple[str | None, int | float | None]] = {
        "coat": ("Outerwear", 100),
        "jacket": ("OUTERWEAR > Jackets", 80.5),
        "parka": (" Outerwear>>Jackets > Parkas", 80),
        "other": ("Outerwear Plus > Jackets", 20),
        "under": ("Shop > Outerwear", 10),
        "gift": (None, None),
    }
    for place, (key, (category, price)) in enumerate(goods.items()):
        made = product(key, category_path=category, price=price)
        create(index, made, {Part.IMAGE: unit(1, place / 10)})
    engine.settle()
    return index


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (SearchFilters(), ["coat", "jacket", "parka", "other", "under", "gift"]),
        (SearchFilters(category=("outerwear",)), ["coat", "jacket", "parka"]),
        (SearchFilters(category=("outerwear", "jackets")), ["jacket", "parka"]),
        (SearchFilters(category=("outerwear", "jackets", "parkas")), ["parka"]),
        (SearchFilters(category=("jackets",)), []),
        (SearchFilters(category=("out",)), []),
        (SearchFilters(min_price=80), ["coat", "jacket", "parka"]),
        (SearchFilters(min_price=80.25), ["coat", "jacket"]),
        (SearchFilters(max_price=80), ["parka", "other", "under"]),
        (SearchFilters(max_price=80.5), ["jacket", "parka", "other", "under"]),
        (SearchFilters(min_price=0), ["coat", "jacket", "parka", "other", "under"]),
        (SearchFilters(min_price=20, max_price=80), ["parka", "other"]),
        (SearchFilters(min_price=90, max_price=80), []),
        (SearchFilters(category=("outerwear",), max_price=90), ["jacket", "parka"]),
    ],
)
def test_filters_all_hold_together(
    shop: ProductIndex, filters: SearchFilters, expected: list[str]
) -> None:
    assert near(shop, replace(NEAR, filters=filters)) == expected


def test_filters_apply_before_the_nearest_are_taken(shop: ProductIndex) -> None:
    query = replace(NEAR, limit=1, filters=SearchFilters(max_price=20), at_least=0.5)
    found = shop.nearest(TENANT, query)
    assert [hit.product.key for hit in found.hits] == ["other"]
    assert found.total == 2


def test_filters_know_the_price_of_now(shop: ProductIndex, engine: Engine) -> None:
    assert near(shop, replace(NEAR, filters=SearchFilters(max_price=10))) == ["under"]
    change(shop, product("gift", price=5))
    change(shop, product("under"))
    engine.settle()
    assert near(shop, replace(NEAR, filters=SearchFilters(max_price=10))) == ["gift"]


@pytest.mark.parametrize("wrong", [unit(1)[:3], unit(1) * 2])
def test_a_query_that_is_not_of_the_space_is_a_mistake_of_the_caller(
    index: ProductIndex, wrong: Vector
) -> None:
    with pytest.raises(ValueError, match="unit length"):
        index.nearest(TENANT, replace(NEAR, vector=wrong))
