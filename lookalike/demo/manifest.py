"""The catalogue of a demo as a `products.jsonl`, which is what models are calibrated with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lookalike.demo.photos import MANIFEST
from lookalike.demo.rows import CatalogueRow


def write_manifest(rows: Sequence[CatalogueRow], folder: Path) -> Path:
    """Writes the rows, whose pictures are below the folder, and gives the file."""
    path = folder / MANIFEST
    path.write_text("".join(f"{json.dumps(_line(row, folder))}\n" for row in rows))
    return path


def _line(row: CatalogueRow, folder: Path) -> dict[str, Any]:
    return {
        "id": row.id,
        "product_id": row.product_id,
        "title": row.title,
        "image": row.image.relative_to(folder).as_posix(),
        "category": row.category.split(" > ") if row.category else [],
        "brand": row.brand,
        "description": row.description,
        "split": "query" if row.is_query else "catalog",
    }
