"""Fingerprints of stored products and of uploads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.catalog import fingerprint
from lookalike.catalog.change import Upload, create, update
from lookalike.catalog.face import FEED, VISUAL
from lookalike.catalog.product import Product

TENANT = "7f2c1a34-0c55-4b0e-9a5e-111111111111"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
MILK = {"name": "Milk", "weight": 1000, "metadata": {"fat": 2.5}}
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
GIVEN = st.fixed_dictionaries(
    {"name": TEXT},
    optional={"brand": TEXT | st.none(), "unit": TEXT | st.none(), "weight": st.integers(0)},
)


def stored(facts: dict[str, Any], model: str = "model") -> Product:
    return create(TENANT, Upload("milk", facts), FEED, model, NOW).product


@given(GIVEN)
def test_an_upload_has_the_fingerprint_of_the_product_that_it_makes(facts: dict[str, Any]) -> None:
    assert fingerprint.of_upload(facts, "model") == fingerprint.of_product(stored(facts))


@pytest.mark.parametrize(
    "other",
    [{"name": "Mílk"}, {"weight": 999}, {"metadata": {"fat": 3}}, {"image_url": "https://a.b/c"}],
)
def test_whatever_the_feed_says_counts(other: dict[str, Any]) -> None:
    assert fingerprint.of_upload(MILK | other, "model") != fingerprint.of_product(stored(MILK))


def test_another_model_counts() -> None:
    assert fingerprint.of_upload(MILK, "other") != fingerprint.of_product(stored(MILK))


def test_what_only_the_visual_api_says_does_not_count() -> None:
    priced = Upload("milk", {"name": "Milk", "price": 5, "image_url": "https://a.b/c"})
    before = create(TENANT, priced, VISUAL, "model", NOW).product
    dearer = Upload("milk", dict(priced.facts) | {"price": 6})
    after = update(before, dearer, VISUAL, "model", NOW).product
    assert fingerprint.of_product(before) == fingerprint.of_product(after)
