"""What an upload and a worker's result make of a product."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lookalike.catalog.change import Outcome, Upload, Verdict, create, settle, update, verdict
from lookalike.catalog.face import VISUAL
from lookalike.catalog.product import EmbeddingStatus, Failure, Part, PartState, Product

TENANT = "7f2c1a34-0c55-4b0e-9a5e-111111111111"
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
VECTOR = np.array([1.0, 0.0], dtype=np.float32)
JACKET = {"name": "Jacket", "image_url": "https://example.com/a.jpg", "price": 1000}


def made(**facts: object) -> Product:
    return create(TENANT, Upload("SKU-1", JACKET | facts), VISUAL, "model", MONDAY).product


def completed(**facts: object) -> Product:
    return replace(made(**facts), image=PartState.DONE, text=PartState.DONE)


def uploaded(product: Product, **facts: object) -> Product:
    return update(product, Upload("SKU-1", JACKET | facts), VISUAL, "model", TUESDAY).product


def test_a_new_product_owes_both_parts_and_has_the_defaults_of_its_api() -> None:
    product = made()
    assert product.owed == (Part.IMAGE, Part.TEXT)
    assert product.embedding_status is EmbeddingStatus.PENDING
    assert product.facts.currency == "USD"
    assert product.is_active


def test_the_same_upload_again_changes_nothing() -> None:
    product = completed()
    assert uploaded(product) == product
    assert verdict(product, uploaded(product)) is Verdict.UNCHANGED


@pytest.mark.parametrize("facts", [{"price": 5}, {"sku": "X"}, {"metadata": {"a": 1}}])
def test_plain_facts_cost_no_inference(facts: dict[str, object]) -> None:
    after = uploaded(completed(), **facts)
    assert after.owed == ()
    assert after.updated_at == TUESDAY
    assert verdict(completed(), after) is Verdict.UPDATED


def test_a_new_picture_owes_the_image_and_a_new_title_the_text() -> None:
    assert uploaded(completed(), image_url="https://example.com/b.jpg").owed == (Part.IMAGE,)
    assert uploaded(completed(), name="Coat").owed == (Part.TEXT,)


def test_what_only_the_other_api_names_is_kept_and_what_is_left_out_is_cleared() -> None:
    product = completed(brand="Acme")
    fed = replace(product, facts=replace(product.facts, ingredients="milk", unit="kg"))
    after = uploaded(fed)
    assert (after.facts.ingredients, after.facts.unit) == ("milk", "kg")
    assert after.facts.brand is None


def test_another_model_owes_everything() -> None:
    after = update(completed(), Upload("SKU-1", JACKET), VISUAL, "other", TUESDAY).product
    assert after.owed == (Part.IMAGE, Part.TEXT)


def test_a_failed_part_is_owed_again_by_the_next_upload() -> None:
    failed = replace(completed(), image=PartState.FAILED, failure=Failure("404", "refused"))
    after = uploaded(failed)
    assert after.owed == (Part.IMAGE,)
    assert after.embedding_error is None


def test_an_inactive_product_stays_inactive() -> None:
    assert not uploaded(replace(completed(), is_active=False), price=1).is_active


def test_clearing_the_picture_removes_its_vector_at_once() -> None:
    changed = update(completed(), Upload("SKU-1", {"name": "Jacket"}), VISUAL, "model", TUESDAY)
    assert changed.product.image is PartState.ABSENT
    assert changed.vectors == {Part.IMAGE: None}


def test_what_was_made_settles_what_was_owed() -> None:
    product = made()
    settled = settle(product, Outcome(product, made={Part.IMAGE: VECTOR, Part.TEXT: VECTOR}))
    assert settled is not None
    assert settled.product.embedding_status is EmbeddingStatus.COMPLETED
    assert set(settled.vectors) == {Part.IMAGE, Part.TEXT}


def test_a_price_change_meanwhile_does_not_spoil_the_vectors() -> None:
    product = made()
    settled = settle(uploaded(product, price=5), Outcome(product, made={Part.IMAGE: VECTOR}))
    assert settled is not None
    assert settled.product.facts.price == 5
    assert settled.product.owed == (Part.TEXT,)


def test_a_picture_that_changed_meanwhile_stays_owed() -> None:
    product = made()
    newer = uploaded(product, image_url="https://example.com/b.jpg")
    assert settle(newer, Outcome(product, made={Part.IMAGE: VECTOR})) is None


def test_a_dead_picture_fails_while_the_text_is_kept() -> None:
    product = made()
    gone = Failure("It is gone.", "refused")
    outcome = Outcome(product, made={Part.TEXT: VECTOR}, failed={Part.IMAGE: gone})
    settled = settle(product, outcome)
    assert settled is not None
    assert settled.product.embedding_status is EmbeddingStatus.FAILED
    assert settled.product.failure == gone
    assert set(settled.vectors) == {Part.TEXT}


def test_a_product_settled_already_is_not_settled_twice() -> None:
    product = made()
    assert settle(completed(), Outcome(product, made={Part.IMAGE: VECTOR})) is None
