"""Values of the capability as the feed API shows them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lookalike.catalog.metadata import equal
from lookalike.catalog.product import EmbeddingStatus, Facts
from lookalike.catalog.product import Product as Stored
from lookalike.catalog.text import CONTENT
from lookalike.catalog.writer import Applied
from lookalike.index.protocol import Page
from lookalike.jobs.record import Job
from webapp.lists import present_page
from webapp.moments import moment


def accepted(job: Job, ignored: Collection[str]) -> dict[str, Any]:
    """What an upload did."""
    answer = {
        "job_id": job.id,
        "status": "accepted",
        "total": job.tally.total,
        "to_embed": job.to_embed,
        "created": job.tally.created,
        "updated": job.tally.updated,
        "unchanged": job.tally.unchanged,
        "failed": job.tally.failed,
    }
    return _with_ignored(answer, ignored)


def patched(applied: Applied, named: Sequence[str], ignored: Collection[str]) -> dict[str, Any]:
    """What a partial update changed, of the fields that it named."""
    assert applied.before is not None
    before, after = _fields(applied.before), _fields(applied.after)
    changed = [name for name in named if name in after and not equal(before[name], after[name])]
    answer = {
        "sku": applied.after.key,
        "updated_fields": changed,
        "re_embedded": not CONTENT.isdisjoint(changed),
    }
    return _with_ignored(answer, ignored)


def product(product: Stored, status: EmbeddingStatus) -> dict[str, Any]:
    """A product as it is stored."""
    return {
        "sku": product.key,
        "id": product.id,
        **_fields(product),
        "embedding_status": status,
        "embedding_error": product.embedding_error,
        "created_at": moment(product.created_at),
        "updated_at": moment(product.updated_at),
    }


def page(
    page: Page, query: Mapping[str, Any], statuses: Mapping[str, EmbeddingStatus]
) -> dict[str, Any]:
    """A page of products."""
    products = [product(each, statuses[each.id]) for each in page.products]
    return {"products": products, **present_page(page, query)}


def reindexing(job: Job, is_new: bool) -> dict[str, Any]:
    """A reindexing job, just begun or running already."""
    return {
        "status": "started" if is_new else "running",
        "product_count": job.tally.total,
        "job_id": job.id,
    }


def _fields(product: Stored) -> dict[str, Any]:
    """What a merchant may change of a product, by the names of this API."""
    return {**_facts(product.facts), "is_active": product.is_active}


def _facts(facts: Facts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "category_path": facts.category_path,
        "brand": facts.brand,
        "description": facts.description,
        "ingredients": facts.ingredients,
        "country": facts.country,
        "unit": facts.unit,
        "quantity_step": facts.quantity_step,
        "min_quantity": facts.min_quantity,
        "weight": facts.weight,
        "volume": facts.volume,
        "image_url": facts.image_url,
        "attributes": facts.metadata,
        "barcode": facts.barcode,
    }


def _with_ignored(answer: dict[str, Any], ignored: Collection[str]) -> dict[str, Any]:
    return answer | ({"ignored_fields": sorted(ignored)} if ignored else {})
