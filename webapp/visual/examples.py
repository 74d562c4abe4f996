"""The examples of the OpenAPI document: those that were published first. Tests run every one."""

from __future__ import annotations

from typing import Any

_ID = "550e8400-e29b-41d4-a716-446655440000"

UPLOAD = {
    "title": "Classic Black Leather Jacket",
    "image_url": "https://example.com/jacket.jpg",
    "external_id": "SKU-12345",
    "price": 299.99,
    "category": "Outerwear",
}

UPLOADED = {
    "id": _ID,
    "external_id": "SKU-12345",
    "status": "created",
    "embedding_status": "pending",
}

BATCH = {
    "products": [
        UPLOAD,
        {"title": "Canvas Belt", "image_url": "https://example.com/belt.jpg", "price": 1000},
    ]
}

BATCH_STORED = {
    "results": [
        UPLOADED,
        {"id": _ID, "external_id": None, "status": "created", "embedding_status": "pending"},
    ],
    "created": 2,
    "updated": 0,
    "unchanged": 0,
    "failed": 0,
    "job_id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
}

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


def named(**values: dict[str, Any]) -> dict[str, Any]:
    """Examples as an OpenAPI document holds several of them."""
    return {name: {"value": value} for name, value in values.items()}
