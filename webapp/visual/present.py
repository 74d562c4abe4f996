"""Values of the capability as the visual API shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lookalike.catalog.catalog import Uploaded
from lookalike.catalog.metadata import unfilterable
from lookalike.catalog.product import EmbeddingStatus, Product
from lookalike.errors import Invalid, Refused
from lookalike.index.protocol import Page
from webapp.lists import present_page
from webapp.moments import moment
from webapp.search.present import facts
from webapp.visual.parse import Item


def uploaded(item: Item, result: Uploaded, status: EmbeddingStatus) -> dict[str, Any]:
    """What became of one product."""
    answer: dict[str, Any] = {
        "id": result.product.id,
        "external_id": result.product.external_id,
        "status": result.verdict,
        "embedding_status": status,
    }
    if item.ignored:
        answer["ignored_fields"] = item.ignored
    if warnings := list(_warnings(result.product)):
        answer["warnings"] = warnings
    return answer


def _warnings(product: Product) -> Iterator[str]:
    if not product.is_active:
        yield "This product is inactive and stays so: it is stored, and in no search."
    if keys := unfilterable(product.facts.metadata):
        yield (
            f"Stored, but not filterable: metadata {', '.join(keys[:20])}. Only texts of at most "
            "256 characters, numbers, booleans and lists of them are, at the top level."
        )


def refused(item: Item, error: Refused) -> dict[str, Any]:
    """Why one item of a batch was not stored."""
    answer: dict[str, Any] = {
        "id": None,
        "external_id": item.external_id,
        "status": "failed",
        "embedding_status": None,
        "error": error.detail,
        "code": error.code,
    }
    if isinstance(error, Invalid) and error.errors:
        answer["errors"] = error.errors
    return answer


def batch(results: Sequence[Mapping[str, Any]], job: str) -> dict[str, Any]:
    """What became of a batch, counted, and the job that embeds it."""
    counts = Counter(str(each["status"]) for each in results)
    kinds = ("created", "updated", "unchanged", "failed")
    return {"results": results, **{kind: counts[kind] for kind in kinds}, "job_id": job}


def product(product: Product, status: EmbeddingStatus) -> dict[str, Any]:
    """A product as it is stored."""
    return {
        "id": product.id,
        "external_id": product.external_id,
        **facts(product.facts),
        "description": product.facts.description,
        "is_active": product.is_active,
        "embedding_status": status,
        "embedding_error": product.embedding_error,
        "created_at": moment(product.created_at),
        "updated_at": moment(product.updated_at),
    }


def deleted(named: Sequence[tuple[str, str | None]], gone: set[str]) -> dict[str, Any]:
    """What became of several products that were to be deleted."""
    results = [
        {"id": id, "external_id": key, "status": "deleted" if id in gone else "not_found"}
        for id, key in named
    ]
    return {
        "results": results,
        "deleted": len(gone),
        "not_found": len({id for id, _ in named} - gone),
    }


def page(
    page: Page, query: Mapping[str, Any], statuses: Mapping[str, EmbeddingStatus]
) -> dict[str, Any]:
    """A page of products."""
    products = [product(each, statuses[each.id]) for each in page.products]
    return {"products": products, **present_page(page, query)}
