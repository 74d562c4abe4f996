"""What a search found, as both APIs show it."""

from __future__ import annotations

from typing import Any

from lookalike.catalog.product import Facts
from lookalike.search.searcher import Answer, Match


def answer(answer: Answer) -> dict[str, Any]:
    """What a search found."""
    return {
        "results": [_result(match) for match in answer.matches],
        "query": {"type": answer.kind},
        "total_found": answer.total,
        "total_found_relation": "eq" if answer.exact else "gte",
        "processing_time_ms": round(answer.steps.total_ms),
        "steps_ms": {name: round(ms, 2) for name, ms in answer.steps.ms.items()},
    }


def _result(match: Match) -> dict[str, Any]:
    result = {
        "id": match.product.id,
        "external_id": match.product.external_id,
        **facts(match.product.facts),
        "similarity_score": round(match.score, 4),
    }
    return result | ({"matched_by": match.matched_by} if match.matched_by else {})


def facts(facts: Facts) -> dict[str, Any]:
    """What a merchant said of a product, by the names of the visual API."""
    return {
        "title": facts.name,
        "image_url": facts.image_url,
        "sku": facts.sku,
        "brand": facts.brand,
        "category": facts.category_path,
        "price": facts.price,
        "currency": facts.currency,
        "product_url": facts.product_url,
        "metadata": facts.metadata,
    }
