"""Fingerprints: one digest that tells an identical upload, so that a nightly push of a whole
catalogue reads digests instead of products and writes nothing."""

from __future__ import annotations

import hashlib
import json
from operator import attrgetter

from lookalike.catalog.face import FEED
from lookalike.catalog.product import Facts

_facts = attrgetter(*FEED.defaults)


def fingerprint(facts: Facts, text_digest: str) -> str:
    """Names what the feed API says of a product, and the model that it is embedded with.

    `text_digest` (`catalog/text.py`) changes with the model, too: then an identical upload is worth
    a look again, since its vectors are owed.
    """
    said = json.dumps(_facts(facts), sort_keys=True)
    return hashlib.md5(f"{said}{text_digest}".encode(), usedforsecurity=False).hexdigest()
