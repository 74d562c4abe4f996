"""The quick look at a product takes nothing that the schema would not, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.feed.quick import is_plainly_right
from webapp.feed.schemas import FeedProduct
from webapp.fields import MOST_AMOUNT

SCHEMA = FeedProduct()
TEXTS = st.text(max_size=40) | st.sampled_from(["x" * 257, "x" * 1001, "\ud800", " a", "a\n", ""])
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, -1, MOST_AMOUNT, MOST_AMOUNT - 1])
LINKS = st.sampled_from(
    ["https://a.example/b.jpg", "http://a", "ftp://a", "https://", "//a", "https://a b", "x"]
)
SCALARS = TEXTS | NUMBERS | st.booleans() | st.none()
OBJECTS = st.dictionaries(TEXTS, SCALARS | st.lists(SCALARS, max_size=2), max_size=4)
ANYTHING = SCALARS | LINKS | OBJECTS
PRODUCTS = st.fixed_dictionaries(
    {"sku": TEXTS, "name": TEXTS},
    optional={name: ANYTHING for name in SCHEMA.fields if name not in {"sku", "name"}}
    | {"unknown": ANYTHING},
)


@settings(deadline=None, max_examples=500)
@given(PRODUCTS)
def test_what_looks_right_is_right_and_stays_as_it_is(product: dict[str, Any]) -> None:
    if is_plainly_right(product):
        known = {name: value for name, value in product.items() if name in SCHEMA.fields}
        assert SCHEMA.load(product) == known


@pytest.mark.parametrize("name", ["Milk", "Молоко", "牛乳", "🥛"])
def test_an_ordinary_product_looks_right(name: str) -> None:
    product = {
        "sku": "milk-001",
        "name": name,
        "image_url": "https://cdn.example.com/a/b.jpg?x=1#2",
        "weight": 1000,
        "quantity_step": 0.1,
        "description": "Line\nby line",
        "attributes": {"fat": 2.5, "label": name, "fresh": True, "none": None},
        "is_active": False,
        "brand": None,
        "unknown": object(),
    }
    assert is_plainly_right(product)


@pytest.mark.parametrize("missing", ["sku", "name"])
def test_without_sku_or_name_nothing_looks_right(missing: str) -> None:
    product: dict[str, Any] = {"sku": "a", "name": "A"}
    assert not is_plainly_right({**product, missing: None})
    del product[missing]
    assert not is_plainly_right(product)
