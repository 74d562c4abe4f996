"""One line of a demo's catalogue: a picture and the product that it shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueRow:
    """A picture. Rows that are not queries are products, with `id` as their external_id; a query
    shows the product that a product's row with the same `product_id` shows, too."""

    id: str
    product_id: str
    title: str
    image: Path
    is_query: bool
    category: str | None = None
    brand: str | None = None
    price: float | None = None
    currency: str | None = None
    description: str | None = None
    color: str | None = None
