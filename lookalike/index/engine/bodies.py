"""Request bodies: pure functions from values to the JSON that both engines take.

Every one begins with `of_tenant` or with what is said to be of all tenants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from lookalike.catalog.product import EmbeddingStatus, product_id
from lookalike.index.documents import category_key, microseconds
from lookalike.index.engine.protocol import Dialect, Json, Knn
from lookalike.index.protocol import (
    ByWords,
    ListFilters,
    Listing,
    Nearest,
    Position,
    SearchFilters,
)

ROUNDING = 1e-6
"""What a float loses on its way through an engine: who is right at a threshold reaches it."""

WINDOW = 10_000
"""Hits that an engine skips or gives at once (`index.max_result_window`)."""

NEWEST_FIRST: list[Json] = [{"created_us": "desc"}, {"id": "asc"}]
WITHOUT_VECTORS = {"excludes": ["image_vector", "text_vector"]}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PENDING = EmbeddingStatus.PENDING.value


def of_tenant(tenant: str, *conditions: Json, without: str | None = None) -> Json:
    """The products of one tenant for which all conditions hold."""
    query: Json = {"filter": [{"term": {"tenant": tenant}}, *conditions]}
    if without is not None:
        query["must_not"] = [{"term": {"id": without}}]
    return {"bool": query}


def searchable(filters: SearchFilters, *conditions: Json) -> tuple[Json, ...]:
    """The conditions of a search: active, and through the filters."""
    found: list[Json] = [{"term": {"is_active": True}}, *conditions]
    if filters.category:
        found.append({"prefix": {"category_key": category_key(filters.category)}})
    price = {"gte": filters.min_price, "lte": filters.max_price}
    if bounds := {name: value for name, value in price.items() if value is not None}:
        found.append({"range": {"price": bounds}})
    found += [{"terms": {"metadata_terms": sorted(terms)}} for terms in filters.metadata]
    return tuple(found)


def near(  # noqa: PLR0917  a search is what all of these say
    dialect: Dialect,
    tenant: str,
    model: str,
    query: Nearest,
    candidates: int,
    explored: int,
    *conditions: Json,
) -> Json:
    """The nearest of the candidates, scored by their stored floats, equal ones by id. What does
    not reach the threshold does not count."""
    part = query.part.value
    of_model = {"term": {f"{part}_model": model}}
    found = searchable(query.filters, of_model, *conditions)
    knn = Knn(
        field=f"{part}_vector",
        vector=query.vector.tolist(),
        within=of_tenant(tenant, *found, without=query.without),
        candidates=candidates,
        explored=max(explored, candidates),
    )
    return {
        "query": exactly(dialect, knn),
        "min_score": max(0.0, (1 + query.at_least - ROUNDING) / 2),
        "sort": [{"_score": "desc"}, {"id": "asc"}],
        "size": query.limit,
        "track_total_hits": True,
        "_source": WITHOUT_VECTORS,
    }


def exactly(dialect: Dialect, knn: Knn) -> Json:
    """The nearest, scored by their stored floats: candidates come from vectors of 8 bits or less,
    so their scores are no cosines yet. One way for every version: `rescore_vector` is there only
    from Elasticsearch 8.18 on, and leaves the order of equal scores to chance."""
    return {
        "script_score": {
            "query": dialect.knn(knn),
            "script": dialect.exactly(knn.field, knn.vector),
        }
    }


def holding(tenant: str, model: str, query: ByWords) -> Json:
    """The products that hold most of the tokens; their score is how many."""
    *whole, last = query.tokens
    clauses: list[Json] = [{"term": {"tokens": token}} for token in whole]
    clauses.append({"prefix": {"tokens": last}})
    has_text = {"term": {"text_model": model}}
    within = of_tenant(tenant, *searchable(query.filters, has_text))
    within["bool"]["should"] = [
        {"constant_score": {"filter": clause, "boost": 1.0}} for clause in clauses
    ]
    within["bool"]["minimum_should_match"] = 1
    return {
        "query": within,
        "sort": [{"_score": "desc"}, {"id": "asc"}],
        "size": query.limit,
        "track_total_hits": True,
        "_source": WITHOUT_VECTORS,
    }


def listed(tenant: str, filters: ListFilters) -> Json:
    """The products that a list shows."""
    found: list[Json] = []
    exactly = {
        "id": filters.key and product_id(tenant, filters.key),
        "sku": filters.sku,
        "is_active": filters.is_active,
        "status": filters.status and _stored(filters.status).value,
    }
    found += [{"term": {name: value}} for name, value in exactly.items() if value is not None]
    if filters.external_id is not None:
        found.append({"term": {"id": product_id(tenant, filters.external_id)}})
        found.append({"term": {"key_generated": False}})
    for name, part in (("brand_folded", filters.brand), ("category_folded", filters.category)):
        if part is not None:
            found.append({"wildcard": {name: {"value": f"*{_literally(part)}*"}}})
    if filters.tokens:
        *whole, last = filters.tokens
        found += [{"term": {"title_tokens": token}} for token in whole]
        found.append({"prefix": {"title_tokens": last}})
    return of_tenant(tenant, *found)


def page(query: Json, listing: Listing, after: Position | None) -> Json:
    """A page of a list, newest first, and one product more, which tells whether it ends here."""
    body: Json = {
        "query": query,
        "sort": NEWEST_FIRST,
        "size": listing.limit + 1,
        "track_total_hits": True,
        "_source": WITHOUT_VECTORS,
    }
    if after is not None:
        body["search_after"] = [microseconds(after.created_at), after.id]
    return body


def positions(query: Json, count: int, after: Sequence[Any] | None) -> Json:
    """The sort values alone of the next `count` products of a list: for going far into it."""
    body: Json = {
        "query": query,
        "sort": NEWEST_FIRST,
        "size": count,
        "track_total_hits": False,
        "_source": False,
    }
    return body | ({"search_after": list(after)} if after else {})


def owed(after: tuple[str, str] | None, limit: int) -> Json:
    """The active products of all tenants that owe something, by tenant and id."""
    conditions = [{"term": {"is_active": True}}, {"term": {"status": _PENDING}}]
    body: Json = {
        "query": {"bool": {"filter": conditions}},
        "sort": [{"tenant": "asc"}, {"id": "asc"}],
        "size": limit,
        "_source": False,
    }
    return body | ({"search_after": list(after)} if after else {})


def stamps(after: tuple[str, str] | None, limit: int, fields: Sequence[str]) -> Json:
    """These fields of the products of all tenants, by tenant and id."""
    body: Json = {
        "query": {"match_all": {}},
        "sort": [{"tenant": "asc"}, {"id": "asc"}],
        "size": limit,
        "track_total_hits": False,
        "_source": list(fields),
    }
    return body | ({"search_after": list(after)} if after else {})


def unchecked(before_us: int, limit: int) -> Json:
    """The active products of all tenants whose picture was looked at longest ago."""
    conditions = [{"term": {"is_active": True}}, {"range": {"checked_us": {"lt": before_us}}}]
    return {
        "query": {"bool": {"filter": conditions}},
        "sort": [{"checked_us": "asc"}, {"tenant": "asc"}, {"id": "asc"}],
        "size": limit,
        "_source": False,
    }


def counts(tenant: str | None) -> Json:
    """How many products there are, and how many active ones of each status."""
    by_status = {"terms": {"field": "status", "size": len(EmbeddingStatus)}}
    return {
        "query": of_tenant(tenant) if tenant else {"match_all": {}},
        "size": 0,
        "track_total_hits": True,
        "aggs": {
            "active": {"filter": {"term": {"is_active": True}}, "aggs": {"status": by_status}}
        },
    }


def cosine_of(score: float) -> float:
    """The cosine that a score of `near` tells."""
    return max(-1.0, min(1.0, 2 * score - 1.0))


def moment_of(us: int) -> datetime:
    """The time of a sort value."""
    return _EPOCH + timedelta(microseconds=us)


def _stored(status: EmbeddingStatus) -> EmbeddingStatus:
    """That a worker has a product is not stored: it is pending all the while."""
    return EmbeddingStatus.PENDING if status is EmbeddingStatus.PROCESSING else status


def _literally(text: str) -> str:
    """Text in a wildcard, its own stars and question marks no wildcards."""
    return "".join(f"\\{letter}" if letter in "*?\\" else letter for letter in text)
