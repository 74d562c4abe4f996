"""The examples of the feed API in the OpenAPI document: the published ones. Tests run every one."""

from __future__ import annotations

from typing import Any

JOB_ID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"

UPLOAD: dict[str, Any] = {
    "products": [
        {
            "sku": "milk-001",
            "name": "Молоко Lactel 2.5% 1л",
            "brand": "Lactel",
            "category_path": "Молочні продукти > Молоко",
            "description": "Ультрапастеризоване молоко 2.5% жирності",
            "ingredients": "Молоко коров'яче нормалізоване",
            "unit": "pcs",
            "weight": 1000,
            "image_url": "https://your-cdn.com/milk-001.jpg",
            "country": "Україна",
        },
        {
            "sku": "bread-042",
            "name": "Хліб Київхліб Столичний 950г",
            "brand": "Київхліб",
            "category_path": "Хліб та випічка > Хліб",
            "unit": "pcs",
            "weight": 950,
        },
    ]
}

ACCEPTED = {
    "job_id": JOB_ID,
    "status": "accepted",
    "total": 2,
    "to_embed": 2,
    "unchanged": 0,
}

CHANGES = {
    "description": "Ультрапастеризоване молоко 2.5% жирності. Без лактози.",
    "image_url": "https://your-cdn.com/milk-001-v2.jpg",
}

PATCHED = {
    "sku": "milk-001",
    "updated_fields": ["description", "image_url"],
    "re_embedded": True,
}

REINDEXING = {"status": "started", "product_count": 1500}

JOB = {
    "job_id": JOB_ID,
    "tenant_id": "your-tenant-id",
    "status": "embedding",
    "total": 2,
    "embedded": 1,
    "created": 2,
    "updated": 0,
    "unchanged": 0,
    "errors": [],
    "started_at": "2026-03-18T10:30:00Z",
    "completed_at": None,
}
