"""The examples of the OpenAPI document: those that were published first. Tests run every one."""

from __future__ import annotations

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
