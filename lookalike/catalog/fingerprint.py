"""Fingerprints: one digest that tells an identical upload, so that a nightly push of a whole
catalogue reads digests instead of products and writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from lookalike.catalog.face import FEED
from lookalike.catalog.product import Product
from lookalike.catalog.text import recipe, recipe_of

_said = attrgetter(*FEED.defaults)


def of_product(product: Product) -> str:
    """The fingerprint of a stored product: what the feed API says of it, and how it is embedded."""
    return _digest(_said(product.facts), recipe_of(product.text_digest))


def of_upload(facts: Mapping[str, Any], model: str) -> str:
    """The fingerprint of the product that an upload through the feed API leaves. With another
    model it is another one: then an identical upload is worth a look, since its vectors are owed.
    """
    return _digest(FEED.values(facts), recipe(model))


def _digest(said: tuple[Any, ...], embedded_by: str) -> str:
    """Python's own notation is the quickest that tells values apart. Should a later Python write
    one otherwise, the product is looked at once, and nothing is wrong."""
    text = f"{said!r}{embedded_by}"
    return hashlib.md5(text.encode(errors="replace"), usedforsecurity=False).hexdigest()
