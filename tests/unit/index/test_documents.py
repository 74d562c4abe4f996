"""Products as documents, and what filters match of them."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.catalog.category import segments
from lookalike.catalog.product import (
    EmbeddingStatus,
    Facts,
    Failure,
    PartState,
    PictureSeen,
    Product,
)
from lookalike.errors import PictureReason
from lookalike.index.documents import (
    category_key,
    from_document,
    matchable,
    microseconds,
    to_document,
)

TENANT = "7f2c1a34-0c55-4b0e-9a5e-111111111111"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.integers(0, 10**12) | st.floats(0, 1e12)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))])
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001
FACTS = st.builds(
    Facts,
    name=TEXT,
    image_url=st.none() | TEXT,
    brand=st.none() | TEXT,
    category_path=st.none() | TEXT,
    weight=st.none() | NUMBER,
    price=st.none() | NUMBER,
    metadata=st.dictionaries(TEXT, JSON),
)
PRODUCTS = st.builds(
    Product,
    tenant=st.just(TENANT),
    key=TEXT,
    key_generated=st.booleans(),
    facts=FACTS,
    is_active=st.booleans(),
    image=st.sampled_from(PartState),
    text=st.sampled_from(PartState),
    image_digest=st.none() | TEXT,
    text_digest=TEXT,
    failure=st.none() | st.builds(Failure, TEXT, st.sampled_from(PictureReason)),
    created_at=MOMENTS,
    updated_at=MOMENTS,
)


@settings(deadline=None)
@given(PRODUCTS)
def test_a_product_survives_being_a_document_of_json(product: Product) -> None:
    text = json.dumps(to_document(product), allow_nan=False)
    assert repr(from_document(json.loads(text)).facts) == repr(product.facts)
    assert from_document(json.loads(text)) == product


@settings(deadline=None)
@given(PRODUCTS)
def test_a_document_names_every_field_and_keeps_metadata_as_text(product: Product) -> None:
    document = to_document(product)
    own = {each.name for each in (*fields(Facts), *fields(Product))} - {
        "facts",
        "picture",
        "failure",
    }
    picture = {f"picture_{each.name}" for each in fields(PictureSeen)}
    assert document.keys() == own | picture | {"embedding_error", "failure_reason"}
    assert json.loads(document["metadata"]) == product.facts.metadata


def test_a_document_of_an_earlier_version_lacks_the_later_facts() -> None:
    product = Product(
        tenant=TENANT,
        key="A",
        key_generated=False,
        facts=Facts(name="A", barcode="1"),
        is_active=True,
        image=PartState.ABSENT,
        text=PartState.OWED,
        image_digest=None,
        text_digest="",
        failure=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    document = to_document(product)
    del document["barcode"]
    assert from_document(document).facts == Facts(name="A")
    match = matchable(product)
    assert match.status is EmbeddingStatus.PENDING
    assert (match.brand_folded, match.category_folded, match.category_key) == (None, None, "")


@given(st.lists(TEXT, max_size=4), st.lists(TEXT, max_size=4))
def test_a_category_leads_another_exactly_where_its_key_is_a_prefix(
    first: list[str], second: list[str]
) -> None:
    lead, path = segments(">".join(first)), segments(">".join(first + second))
    assert category_key(path).startswith(category_key(lead))
    other = segments(">".join(second))
    leads = path[: len(other)] == other
    separable = all("\x1f" not in segment for segment in path)
    assert not separable or category_key(path).startswith(category_key(other)) == leads


@given(MOMENTS, MOMENTS)
def test_microseconds_order_as_time_does(first: datetime, second: datetime) -> None:
    assert (microseconds(first) < microseconds(second)) == (first < second)
    assert (microseconds(first) == microseconds(second)) == (first == second)
