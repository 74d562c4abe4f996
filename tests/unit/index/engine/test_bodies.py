"""What engines are asked, as JSON: that every question is bound to its tenant, above all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lookalike.catalog.product import EmbeddingStatus, Part, product_id
from lookalike.index.elasticsearch import ElasticsearchDialect
from lookalike.index.engine import bodies, words
from lookalike.index.engine.protocol import Dialect
from lookalike.index.opensearch import OpenSearchDialect
from lookalike.index.protocol import (
    ByWords,
    Component,
    ListFilters,
    Nearest,
    SearchFilters,
    VectorSpace,
)

TENANT = "7f2c1a34-0c55-4b0e-9a5e-111111111111"
VECTOR = np.array([1.0, 0.0], dtype=np.float32)
NEAR = Nearest(part=Part.IMAGE, vector=VECTOR, limit=5)
WORDS = ByWords(
    tokens=("red", "mug"), vector=VECTOR, limit=200, at_least=dict.fromkeys(Component, 0.5)
)
DIALECTS = [ElasticsearchDialect(), OpenSearchDialect()]


def inside(dialect: Dialect, body: dict[str, Any]) -> dict[str, Any]:
    """The filter inside a kNN clause."""
    clause = body["query"]["script_score"]["query"]["knn"]
    found: dict[str, Any] = (
        clause["filter"] if dialect.name == "elasticsearch" else clause["image_vector"]["filter"]
    )
    return found


def near(dialect: Dialect, query: Nearest = NEAR) -> dict[str, Any]:
    return bodies.near(dialect, TENANT, "model", query, 200, 400)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.name)
def test_the_filter_of_the_nearest_is_inside_and_names_tenant_and_model(dialect: Dialect) -> None:
    query = replace(NEAR, without="me", filters=SearchFilters(min_price=1, category=("a", "b")))
    assert inside(dialect, near(dialect, query)) == {
        "bool": {
            "filter": [
                {"term": {"tenant": TENANT}},
                {"term": {"is_active": True}},
                {"term": {"image_model": "model"}},
                {"prefix": {"category_key": "a\x1fb\x1f"}},
                {"range": {"price": {"gte": 1}}},
            ],
            "must_not": [{"term": {"id": "me"}}],
        }
    }


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.name)
def test_a_threshold_is_one_of_exact_scores(dialect: Dialect) -> None:
    body = near(dialect, replace(NEAR, at_least=0.5))
    assert body["min_score"] == pytest.approx(0.75, abs=1e-6)
    assert bodies.cosine_of(0.75) == 0.5
    assert (bodies.cosine_of(1.0000001), bodies.cosine_of(0.0)) == (1.0, -1.0)


def test_candidates_and_what_is_explored_are_said_in_each_one_s_words() -> None:
    first, second = (near(each)["query"]["script_score"]["query"]["knn"] for each in DIALECTS)
    assert (first["k"], first["num_candidates"]) == (200, 400)
    second = second["image_vector"]
    assert (second["k"], second["method_parameters"]) == (200, {"ef_search": 400})


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.name)
def test_words_are_three_searches_of_one_tenant_without_documents(dialect: Dialect) -> None:
    asked = words.questions(dialect, TENANT, VectorSpace("model", 2), WORDS, 400)
    assert len(asked) == 3
    for body in asked:
        assert body["_source"] is False
        assert f"'tenant': '{TENANT}'" in str(body)
        assert "'text_model': 'model'" in str(body)


def test_a_list_is_filtered_by_what_is_given_and_stars_are_letters() -> None:
    filters = ListFilters(
        key="a", brand="50*", tokens=("red", "mu"), status=EmbeddingStatus.PROCESSING
    )
    assert bodies.listed(TENANT, filters)["bool"]["filter"] == [
        {"term": {"tenant": TENANT}},
        {"term": {"id": product_id(TENANT, "a")}},
        {"term": {"status": "pending"}},
        {"wildcard": {"brand_folded": {"value": "*50\\**"}}},
        {"term": {"title_tokens": "red"}},
        {"prefix": {"title_tokens": "mu"}},
    ]


def answer(*hits: tuple[str, float]) -> dict[str, Any]:
    return {"hits": {"hits": [{"_score": score, "sort": [score, id]} for id, score in hits]}}


def test_what_is_known_of_a_candidate_is_put_together() -> None:
    found = words.candidates(
        WORDS, [answer(("a", 2.0), ("b", 1.0)), answer(("a", 0.9)), answer(("c", 0.6))]
    )
    raw = {each.id: each.raw for each in found.candidates}
    assert raw["a"] == pytest.approx({Component.WORDS: 1.0, Component.TEXT: 0.8})
    assert raw["b"] == {Component.WORDS: 0.5}
    assert raw["c"] == pytest.approx({Component.IMAGE: 0.2})
    assert (found.total, found.exact) == (2, True)


def test_a_list_that_was_cut_above_its_threshold_is_not_exact() -> None:
    cut = replace(WORDS, limit=2)
    full, none = answer(("a", 2.0), ("b", 1.0)), answer()
    assert not words.candidates(cut, [full, none, none]).exact
    high = replace(cut, at_least=dict.fromkeys(Component, 0.9))
    assert words.candidates(high, [full, none, none]).exact
