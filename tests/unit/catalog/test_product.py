"""What a product is."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from lookalike.catalog.product import product_id

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(st.uuids(), KEYS)
def test_an_id_is_the_uuid5_of_the_key_in_the_tenants_namespace(
    tenant: uuid.UUID, key: str
) -> None:
    assert product_id(str(tenant), key) == str(uuid.uuid5(tenant, key))
