"""What every product index finds by words, by tokens and by metadata."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lookalike.catalog.metadata import term
from lookalike.catalog.product import Part, Product
from lookalike.index.protocol import (
    ByWords,
    Candidates,
    Component,
    ListFilters,
    Listing,
    Nearest,
    ProductIndex,
    SearchFilters,
)
from tests.contract.harness import OTHER, TENANT, Engine, change, create, inactive, product, unit

WORDS, TEXT, IMAGE = Component.WORDS, Component.TEXT, Component.IMAGE
ANYTHING = {WORDS: 0.0, TEXT: -1.0, IMAGE: -1.0}
NAMES = [*"abc", "all", "some", "none", "best", "pictured", "plain", "unmade", "inactive", "theirs"]
KEYS = {
    product(key, tenant=tenant).id: key
    for tenant in (TENANT, OTHER)
    for key in (*NAMES, *map(str, range(30)))
}
BOTH = {Part.TEXT: unit(1), Part.IMAGE: unit(0, 1)}


def put(index: ProductIndex, engine: Engine, *products: Product) -> None:
    for each in products:
        create(index, each, BOTH)
    engine.settle()


def named(key: str, name: str, **facts: object) -> Product:
    made = product(key, **facts)
    return replace(made, facts=replace(made.facts, name=name))


def ask(index: ProductIndex, *tokens: str, tenant: str = TENANT, **more: object) -> Candidates:
    asked = ByWords(tokens=tokens, vector=unit(1), limit=10, at_least=ANYTHING)
    return index.by_words(tenant, replace(asked, **more))  # type: ignore[arg-type]


def shares(found: Candidates) -> dict[str, float]:
    """The share of the words by key, of those that hold any."""
    return {KEYS[each.id]: each.raw[WORDS] for each in found.candidates if WORDS in each.raw}


def test_the_share_counts_the_tokens_in_name_brand_and_category(
    index: ProductIndex, engine: Engine
) -> None:
    put(
        index,
        engine,
        named("all", "Red mug", brand="Acme", category_path="Home > Kitchen"),
        named("some", "Red vase", description="A mug by Acme"),
        named("none", "Chair"),
    )
    found = shares(ask(index, "red", "mug", "acme", "kitchen"))
    assert found == pytest.approx({"all": 1.0, "some": 0.25})


def test_only_the_last_token_is_a_prefix(index: ProductIndex, engine: Engine) -> None:
    put(index, engine, named("a", "Молоко Lactel"))
    assert shares(ask(index, "lactel", "мол")) == {"a": 1.0}
    assert shares(ask(index, "мол", "lactel")) == {"a": 0.5}
    assert shares(ask(index, "локо")) == {}


@pytest.mark.parametrize(
    "token", ['"', "*", "a*", "or", "not", "near", "name:", "(", "-", "^a", "ё"]
)
def test_no_token_is_a_language_of_the_engine(
    index: ProductIndex, engine: Engine, token: str
) -> None:
    put(index, engine, named("a", "Mug"))
    assert shares(ask(index, token, "mug")) == {"a": 0.5}


def test_all_that_is_known_of_a_candidate_is_told(index: ProductIndex, engine: Engine) -> None:
    create(index, named("pictured", "Mug"), BOTH)
    create(index, named("plain", "Mug"), {Part.TEXT: unit(1)})
    engine.settle()
    raw = {KEYS[each.id]: each.raw for each in ask(index, "mug").candidates}
    assert raw["pictured"] == pytest.approx({WORDS: 1.0, TEXT: 1.0, IMAGE: 0.0})
    assert raw["plain"] == pytest.approx({WORDS: 1.0, TEXT: 1.0})


def test_inactive_products_those_without_a_text_vector_and_other_tenants_are_not_found(
    index: ProductIndex, engine: Engine
) -> None:
    put(index, engine, inactive(named("inactive", "Mug")), product("theirs", tenant=OTHER))
    create(index, named("unmade", "Mug"), {Part.IMAGE: unit(1)})
    engine.settle()
    assert ask(index, "mug").candidates == []
    assert ask(index, "mug").total == 0
    assert shares(ask(index, "product", tenant=OTHER)) == {"theirs": 1.0}


def test_a_change_and_a_deletion_are_seen(index: ProductIndex, engine: Engine) -> None:
    put(index, engine, named("a", "Mug"))
    change(index, named("a", "Vase"))
    engine.settle()
    assert (shares(ask(index, "mug")), shares(ask(index, "vase"))) == ({}, {"a": 1.0})
    index.delete(TENANT, [product("a").id])
    engine.settle()
    assert ask(index, "vase").candidates == []


def test_total_counts_what_reaches_a_threshold_in_any_component(
    index: ProductIndex, engine: Engine
) -> None:
    put(index, engine, named("a", "Red mug"), named("b", "Red vase"), named("c", "Chair"))
    at_least = {WORDS: 1.0, TEXT: 1.1, IMAGE: 1.1}
    assert ask(index, "red", at_least=at_least).total == 2
    assert ask(index, "red", "mug", at_least=at_least).total == 1
    assert ask(index, "red", at_least=at_least | {TEXT: 0.9}).total == 3
    assert ask(index, "red").exact


def test_candidates_of_words_are_cut_by_share_and_then_by_id(
    index: ProductIndex, engine: Engine
) -> None:
    made = [named(str(number), "Mug") for number in range(30)]
    best = named("best", "Red mug")
    create(index, best, {Part.TEXT: unit(0, 0, 1)})
    for each in made:
        create(index, each, {Part.TEXT: unit(0, 0, 1)})
    engine.settle()
    asked = ByWords(tokens=("red", "mug"), vector=unit(1), limit=5, at_least=ANYTHING)
    found = {KEYS[each.id] for each in index.by_words(TENANT, asked).candidates}
    first = sorted(made, key=lambda each: each.id)[:4]
    assert {"best", *(each.key for each in first)} <= found


def filtered(*terms: str | None) -> SearchFilters:
    return SearchFilters(metadata=(frozenset(filter(None, terms)),))


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (filtered(term("size", 3)), {"a", "b"}),
        (filtered(term("size", 3.0)), {"a", "b"}),
        (filtered(term("size", "3")), {"c"}),
        (filtered(term("tags", "new"), term("tags", "old")), {"a", "b"}),
        (
            SearchFilters(
                metadata=(
                    frozenset({str(term("size", 3))}),
                    frozenset({str(term("tags", "old"))}),
                )
            ),
            {"b"},
        ),
        (filtered(term("size", 4)), set()),
    ],
)
def test_metadata_filters_both_kinds_of_search(
    index: ProductIndex, engine: Engine, filters: SearchFilters, found: set[str]
) -> None:
    put(
        index,
        engine,
        named("a", "Mug", metadata={"size": 3, "tags": ["new", "hot"]}),
        named("b", "Mug", metadata={"size": 3.0, "tags": ["old"]}),
        named("c", "Mug", metadata={"size": "3"}),
        product("theirs", tenant=OTHER, metadata={"size": 3}),
    )
    assert set(shares(ask(index, "mug", filters=filters))) == found
    near = Nearest(part=Part.IMAGE, vector=unit(1), limit=10, filters=filters)
    assert {hit.product.key for hit in index.nearest(TENANT, near).hits} == found


@pytest.mark.parametrize(
    ("tokens", "found"),
    [
        (("lactel",), {"a"}),
        (("lactel", "мол"), {"a"}),
        (("мол", "lactel"), set()),
        (("food",), set()),
        (("lactel", "vase"), set()),
    ],
)
def test_a_list_searches_every_token_in_name_and_brand(
    index: ProductIndex, engine: Engine, tokens: tuple[str, ...], found: set[str]
) -> None:
    put(
        index,
        engine,
        named("a", "Молоко", brand="Lactel", category_path="Food"),
        inactive(named("b", "Vase")),
    )
    listing = Listing(limit=10, filters=ListFilters(tokens=tokens))
    page = index.page(TENANT, listing)
    assert {each.key for each in page.products} == found
    assert page.total == len(found)
