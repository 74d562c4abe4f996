"""A product as the fields of its document in an engine."""

from __future__ import annotations

from collections.abc import Mapping

from lookalike.catalog.product import Part, Product
from lookalike.index.documents import matchable, to_document
from lookalike.index.engine.protocol import Json
from lookalike.index.protocol import Vector


def fields(product: Product) -> Json:
    """Every field but the vectors, cleared ones as null: an update merges, and what it does not
    name stays."""
    match = matchable(product)
    title = f"{match.name_tokens} {match.brand_tokens}".split()
    return to_document(product) | {
        "id": product.id,
        "status": match.status.value,
        "created_us": match.created_us,
        "checked_us": match.checked_us,
        "fingerprint": match.fingerprint,
        "brand_folded": match.brand_folded,
        "category_folded": match.category_folded,
        "category_key": match.category_key,
        "image_host": match.image_host,
        "title_tokens": title,
        "tokens": [*title, *match.category_tokens.split()],
        "metadata_terms": list(match.metadata_terms),
    }


def vector_fields(vectors: Mapping[Part, Vector | None], model: str) -> Json:
    """The vectors that change, each with the model that made it; a removed one as null."""
    changed: Json = {}
    for part, vector in vectors.items():
        changed[f"{part}_vector"] = None if vector is None else vector.tolist()
        changed[f"{part}_model"] = None if vector is None else model
    return changed
