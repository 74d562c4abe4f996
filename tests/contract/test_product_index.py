"""What every product index does with products and their vectors."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from lookalike.catalog.product import (
    EmbeddingStatus,
    Facts,
    Failure,
    Part,
    PartState,
    PictureSeen,
    Product,
)
from lookalike.index.protocol import ProductIndex, Revision, Vector, VectorSpace, Write
from tests.contract.harness import (
    MONDAY,
    OTHER,
    SPACE,
    TENANT,
    Engine,
    change,
    create,
    inactive,
    owing,
    product,
    unit,
)

FULL = Product(
    tenant=TENANT,
    key="a/b %2F 🧥 'quoted\"",
    key_generated=True,
    facts=Facts(
        name="Кефір 牛乳 \\ \u2028 e\u0301 é",
        image_url="https://example.com/a.jpg?x=1&y=%20",
        category_path="Молочне > Кефір",
        brand="Ünïcode & Söhne",
        description="two\nlines\tand a \x00 byte",
        ingredients="",
        country="UA",
        unit="pcs",
        quantity_step=0.1,
        min_quantity=1,
        weight=1000,
        volume=1000.0,
        barcode="0012345",
        sku="S-1",
        price=999_999_999_999,
        currency="UAH",
        product_url="https://example.com/p",
        metadata={"a": {"b": [1, 1.0, None, True, {"c": "ї"}]}, "": "empty", "n": 10**30},
    ),
    is_active=False,
    image=PartState.FAILED,
    text=PartState.OWED,
    image_digest="d1",
    text_digest="d2",
    failure=Failure("It is gone.", "refused"),
    created_at=MONDAY,
    updated_at=MONDAY + timedelta(microseconds=1),
    generation=3,
    picture=PictureSeen(
        digest="ab12",
        etag='W/"x"',
        last_modified="Mon, 02 Mar 2026 12:00:00 GMT",
        checked_at=MONDAY,
    ),
)


def stored(index: ProductIndex, made: Product) -> Product:
    return index.get(made.tenant, [made.id])[made.id].product


def revision(index: ProductIndex, made: Product) -> Revision:
    return index.get(made.tenant, [made.id])[made.id].revision


def held(index: ProductIndex, made: Product, part: Part) -> list[float] | None:
    vector = index.vector(made.tenant, made.id, part)
    return None if vector is None else vector.tolist()


@pytest.mark.parametrize("made", [FULL, product()], ids=["full", "bare"])
def test_every_field_comes_back_as_it_was(index: ProductIndex, made: Product) -> None:
    create(index, made)
    assert stored(index, made) == made


def test_numbers_keep_their_type(index: ProductIndex) -> None:
    create(index, FULL)
    facts = stored(index, FULL).facts
    assert [type(number) for number in (facts.weight, facts.volume)] == [int, float]
    assert [type(number) for number in facts.metadata["a"]["b"][:2]] == [int, float]


def test_unknown_ids_are_left_out(index: ProductIndex) -> None:
    made = create(index, product())
    assert index.get(TENANT, ["nonsense", made.id, product("B").id]).keys() == {made.id}
    assert index.get(TENANT, []) == {}


def test_a_product_is_created_once(index: ProductIndex) -> None:
    made = create(index, product())
    assert index.write(TENANT, [Write(replace(made, is_active=False), None)]) == [False]
    assert stored(index, made) == made


def test_a_product_that_is_not_there_is_not_updated(index: ProductIndex) -> None:
    made = create(index, product())
    old = revision(index, made)
    index.delete(TENANT, [made.id])
    assert index.write(TENANT, [Write(made, old)]) == [False]
    assert index.get(TENANT, [made.id]) == {}


def test_the_later_of_two_writers_who_read_the_same_has_to_read_again(index: ProductIndex) -> None:
    made = create(index, product())
    read = revision(index, made)
    first, second = product(price=1), product(price=2)
    assert index.write(TENANT, [Write(first, read)]) == [True]
    assert index.write(TENANT, [Write(second, read)]) == [False]
    assert stored(index, made).facts.price == 1


def test_every_write_makes_another_revision(index: ProductIndex) -> None:
    made = create(index, product())
    seen = [revision(index, made)]
    for _ in range(3):
        change(index, made)
        seen.append(revision(index, made))
    index.delete(TENANT, [made.id])
    create(index, made)
    seen.append(revision(index, made))
    assert len(set(seen)) == 5


def test_a_conflict_in_a_chunk_does_not_hold_up_the_others(index: ProductIndex) -> None:
    there = create(index, product("B"))
    old = revision(index, there)
    change(index, there)
    writes = [Write(product("A"), None), Write(there, old), Write(product("C"), None)]
    assert index.write(TENANT, writes) == [True, False, True]
    assert index.write(TENANT, []) == []


def test_a_chunk_may_be_larger_than_an_engine_likes(index: ProductIndex) -> None:
    many = [product(f"K{n}") for n in range(230)]
    assert all(index.write(TENANT, [Write(each, None, {Part.TEXT: unit(1)}) for each in many]))
    assert {id: each.product for id, each in index.get(TENANT, [m.id for m in many]).items()} == {
        each.id: each for each in many
    }


def test_a_write_that_names_one_vector_keeps_the_other(index: ProductIndex) -> None:
    made = create(index, product(), {Part.IMAGE: unit(1), Part.TEXT: unit(0, 1)})
    change(index, made, {Part.TEXT: unit(0, 0, 1)})
    change(index, replace(made, is_active=False))
    change(index, replace(made, facts=replace(made.facts, price=3)))
    assert held(index, made, Part.IMAGE) == unit(1).tolist()
    assert held(index, made, Part.TEXT) == unit(0, 0, 1).tolist()


def test_none_removes_a_vector_and_only_that(index: ProductIndex) -> None:
    made = create(index, product(), {Part.IMAGE: unit(1), Part.TEXT: unit(0, 1)})
    change(index, made, {Part.IMAGE: None})
    assert index.vector(TENANT, made.id, Part.IMAGE) is None
    assert index.vector(TENANT, made.id, Part.TEXT) is not None


def test_a_write_in_vain_leaves_the_vectors_alone(index: ProductIndex) -> None:
    made = create(index, product(), {Part.IMAGE: unit(1)})
    assert index.write(TENANT, [Write(made, None, {Part.IMAGE: unit(0, 1)})]) == [False]
    assert held(index, made, Part.IMAGE) == unit(1).tolist()


def test_a_vector_of_another_model_is_none_until_it_is_made_anew(
    engine: Engine, index: ProductIndex
) -> None:
    made = create(index, product(), {Part.IMAGE: unit(1)})
    newer = engine.open(VectorSpace("another-model", SPACE.dimensions))
    assert newer.vector(TENANT, made.id, Part.IMAGE) is None
    change(newer, made, {Part.IMAGE: unit(0, 1)})
    assert held(newer, made, Part.IMAGE) == unit(0, 1).tolist()
    newer.close()


@pytest.mark.parametrize("wrong", [unit(1) * 2, unit(1)[:3], unit(1)[None], unit(1) * np.nan])
def test_a_vector_that_is_not_of_the_space_is_a_mistake_of_the_caller(
    index: ProductIndex, wrong: Vector
) -> None:
    with pytest.raises(ValueError, match="unit length"):
        index.write(TENANT, [Write(product(), None, {Part.IMAGE: wrong})])


def test_deleting_takes_the_vectors_along_and_tells_what_was_there(index: ProductIndex) -> None:
    made = create(index, product(), {Part.IMAGE: unit(1)})
    assert index.delete(TENANT, [made.id, product("B").id]) == {made.id}
    assert index.delete(TENANT, [made.id]) == set()
    assert index.get(TENANT, [made.id]) == {}
    assert index.vector(TENANT, made.id, Part.IMAGE) is None
    create(index, made)
    assert index.vector(TENANT, made.id, Part.IMAGE) is None


def test_a_tenant_neither_reads_nor_touches_the_products_of_another(index: ProductIndex) -> None:
    mine = create(index, product(), {Part.IMAGE: unit(1)})
    read = revision(index, mine)
    assert index.get(OTHER, [mine.id]) == {}
    assert index.vector(OTHER, mine.id, Part.IMAGE) is None
    assert index.delete(OTHER, [mine.id]) == set()
    with pytest.raises(ValueError, match=OTHER):
        index.write(OTHER, [Write(replace(mine, is_active=False), read)])
    assert stored(index, mine) == mine
    assert index.vector(TENANT, mine.id, Part.IMAGE) is not None


def test_the_same_key_is_another_product_for_another_tenant(index: ProductIndex) -> None:
    mine, theirs = create(index, product("A")), create(index, product("A", tenant=OTHER))
    assert mine.id != theirs.id
    index.delete(OTHER, [theirs.id])
    assert stored(index, mine) == mine


def test_fingerprints_tell_the_state_and_change_with_what_the_feed_says(
    index: ProductIndex,
) -> None:
    create(index, product("A", weight=1000))
    create(index, owing(product("B", weight=1000)))
    create(index, inactive(product("C", price=5)))
    create(index, product("A", tenant=OTHER))
    ids = [product(key).id for key in ("A", "B", "C", "unknown")]
    before = index.fingerprints(TENANT, ids)
    assert {id: (each.status, each.is_active) for id, each in before.items()} == {
        ids[0]: (EmbeddingStatus.COMPLETED, True),
        ids[1]: (EmbeddingStatus.PENDING, True),
        ids[2]: (EmbeddingStatus.COMPLETED, False),
    }
    change(index, product("A", weight=1001))
    change(index, replace(product("B", weight=1000), text_digest="text:1:another model"))
    change(index, product("C", price=6))
    after = index.fingerprints(TENANT, ids)
    assert [before[id].digest == after[id].digest for id in ids[:3]] == [False, False, True]


def test_a_tenants_products_go_with_it_and_nobody_elses(
    index: ProductIndex, engine: Engine
) -> None:
    mine = [create(index, product(f"K{n}"), {Part.TEXT: unit(1)}) for n in range(3)]
    theirs = create(index, product("K0", tenant=OTHER), {Part.TEXT: unit(1)})
    index.delete_tenant(TENANT)
    engine.settle()
    assert index.get(TENANT, [each.id for each in mine]) == {}
    assert index.counts(TENANT).stored == 0
    assert index.get(OTHER, [theirs.id])[theirs.id].product == theirs
    assert index.vector(OTHER, theirs.id, Part.TEXT) is not None
