"""What of a product is embedded, and the digests that name it.

A digest holds all that a vector depends on: the source, this template's version and the model.
While it stands the vector is good; when it changes the vector is owed."""

from __future__ import annotations

import hashlib

from lookalike.catalog.product import Facts

TEMPLATE_VERSION = 1
"""Raised whenever `enriched_text` changes, so that every text vector becomes owed."""


CONTENT = frozenset({"name", "brand", "category_path", "country", "description", "ingredients"})
"""The facts that the text vector is made from."""

EMBEDDED = CONTENT | {"image_url"}
"""The facts that any vector is made from; changing others costs no inference."""


def enriched_text(facts: Facts) -> str:
    """The text that is embedded: one fact a line, the most telling first, absent ones left out.

    A model cuts it at its end, so what comes first counts most.
    """
    lines = (
        facts.name,
        facts.brand,
        facts.category_path,
        facts.country,
        facts.description,
        facts.ingredients,
    )
    return "\n".join(line for line in lines if line)


def text_digest(facts: Facts, model: str) -> str:
    """Names the text vector that these facts want from this model."""
    return f"{_md5(enriched_text(facts))}:{recipe(model)}"


def recipe(model: str) -> str:
    """How texts are embedded: by this version of the template and by this model."""
    return f"{TEMPLATE_VERSION}:{model}"


def recipe_of(digest: str) -> str:
    """The recipe that a text's digest names."""
    return digest.partition(":")[2]


def image_digest(facts: Facts, model: str) -> str | None:
    """Names the image vector that these facts want from this model; None without a picture."""
    return f"{_md5(facts.image_url)}:{model}" if facts.image_url else None


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
