"""The examples of a search in the OpenAPI document: those that were published first. Tests run
every one."""

from __future__ import annotations

_ID = "550e8400-e29b-41d4-a716-446655440000"

SEARCH_BY_URL = {"image_url": "https://example.com/query.jpg"}

SEARCH_BY_WORDS = {"query": "black leather jacket", "category": "Outerwear", "max_price": 300}

_FOUND_JACKET = {
    "id": _ID,
    "external_id": "SKU-12345",
    "title": "Classic Black Leather Jacket",
    "image_url": "https://example.com/jacket.jpg",
    "price": 299.99,
    "similarity_score": 0.94,
}

FOUND_BY_URL = {
    "results": [_FOUND_JACKET],
    "query": {"type": "image"},
    "total_found": 15,
    "processing_time_ms": 42,
}

FOUND_BY_WORDS = {
    "results": [_FOUND_JACKET | {"matched_by": "words"}],
    "query": {"type": "text"},
    "total_found": 1,
    "processing_time_ms": 9,
}
