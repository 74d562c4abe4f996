"""A product has two faces, one an API. An upload replaces the facts that its API names and keeps
those that only the other one knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lookalike.catalog.product import Facts


@dataclass(frozen=True, slots=True)
class Face:
    """The facts that an API names, each with the value it has when an upload leaves it out."""

    defaults: Mapping[str, Any]

    def merge(self, existing: Facts | None, given: Mapping[str, Any]) -> Facts:
        """The facts after an upload: absent and null are the default, the other API's are kept."""
        values = dict(zip(self.defaults, self.values(given), strict=True))
        return replace(existing, **values) if existing else Facts(**values)

    def values(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """What an upload leaves of each fact that the API names, in their order."""
        return tuple(
            [
                default if (value := given.get(name)) is None else value
                for name, default in self.defaults.items()
            ]
        )

    def patch(self, existing: Facts, given: Mapping[str, Any]) -> Facts:
        """The facts with those that are named changed; null is the default."""
        values = {
            name: self.defaults[name] if value is None else value for name, value in given.items()
        }
        return replace(existing, **values)


VISUAL = Face(
    {
        "name": None,
        "image_url": None,
        "sku": None,
        "description": None,
        "brand": None,
        "category_path": None,
        "price": None,
        "currency": "USD",
        "product_url": None,
        "metadata": {},
    }
)

FEED = Face(
    {
        "name": None,
        "image_url": None,
        "category_path": None,
        "brand": None,
        "description": None,
        "ingredients": None,
        "country": None,
        "unit": "pcs",
        "quantity_step": None,
        "min_quantity": None,
        "weight": None,
        "volume": None,
        "barcode": None,
        "metadata": {},
    }
)
