"""Searches by words, by words beside a picture, by a file, and by metadata."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest

from tests.api.harness import Api, jpeg


@pytest.fixture
def shop(api: Api) -> Api:
    """A few products with pictures of their own, embedded."""
    products = [
        ("milk", "Молоко Lactel 2.5%", "navy", {"brand": "Lactel", "category": "Food > Milk"}),
        ("bread", "Хліб Столичний", "brown", {"metadata": {"size": 3, "tags": ["new", "hot"]}}),
        ("cafe", "Café crème", "red", {"metadata": {"size": "3"}, "price": 4}),
        ("pack", "牛乳パック", "blue", {"metadata": {"size": 3.0, "tags": ["old"]}}),
    ]
    for key, title, color, facts in products:
        url = f"https://example.com/{key}.jpg"
        api.internet.pictures[url] = jpeg(color)
        api.upload(external_id=key, title=title, image_url=url, **facts)
    api.work()
    return api


def search(api: Api, **asked: Any) -> dict[str, Any]:
    answer = api.post("/search", asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def keys(answer: dict[str, Any]) -> list[str]:
    return [each["external_id"] for each in answer["results"]]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("молоко", "milk"),
        ("МОЛОКО lactel", "milk"),
        ("моло", "milk"),
        ("моло lactel моло", "milk"),
        ("milk", "milk"),
        ("cafe", "cafe"),
        ("CRÈME", "cafe"),
        ("牛乳", "pack"),
        ("столичний хліб", "bread"),
    ],
)
def test_words_find_the_product_that_holds_them(shop: Api, words: str, key: str) -> None:
    answer = search(shop, query=words)
    assert keys(answer)[0] == key
    assert answer["results"][0]["similarity_score"] == 1.0
    assert answer["results"][0]["matched_by"] == "words"
    assert answer["query"] == {"type": "text"}


def test_a_share_of_the_words_is_a_share_of_the_score(shop: Api) -> None:
    found = search(shop, query="молоко lactel 2.5 nonsense")["results"]
    assert (found[0]["external_id"], found[0]["similarity_score"]) == ("milk", 0.75)


def test_without_a_threshold_everything_is_ranked_and_with_one_it_is_cut(shop: Api) -> None:
    assert search(shop, query="молоко")["total_found"] == 4
    cut = search(shop, query="молоко", similarity_threshold=0.99)
    assert (keys(cut), cut["total_found"], cut["total_found_relation"]) == (["milk"], 1, "eq")


def test_a_dead_picture_does_not_keep_a_product_from_being_found_by_words(shop: Api) -> None:
    body = {"title": "Xylophone", "image_url": "https://example.com/gone.jpg"}
    shop.post("/products", body | {"external_id": "xylophone"})
    shop.work()
    assert keys(search(shop, query="xylophone"))[0] == "xylophone"


def test_a_product_without_its_text_vector_yet_is_not_found(shop: Api) -> None:
    shop.upload(external_id="new", title="Xylophone")
    assert "new" not in keys(search(shop, query="xylophone"))
    shop.work()
    assert keys(search(shop, query="xylophone"))[0] == "new"


def test_a_new_title_is_found_and_the_old_one_not_any_more(shop: Api) -> None:
    shop.upload(external_id="milk", title="Kefir", image_url="https://example.com/milk.jpg")
    shop.work()
    assert keys(search(shop, query="kefir"))[0] == "milk"
    assert search(shop, query="молоко", similarity_threshold=0.99)["results"] == []


def test_words_beside_a_picture_are_searched_with_it(shop: Api) -> None:
    picture = base64.b64encode(jpeg("red")).decode()
    answer = search(shop, image_base64=picture, query="red")
    assert answer["query"] == {"type": "image+text"}
    assert keys(answer)[0] == "cafe"
    assert answer["total_found"] == 4
    assert "matched_by" not in answer["results"][0]
    alone = search(shop, image_base64=picture)
    assert alone["results"][0]["similarity_score"] > answer["results"][0]["similarity_score"]


def test_a_file_is_a_query_too(shop: Api) -> None:
    form = {
        "image": (io.BytesIO(jpeg("red")), "query.jpg"),
        "max_results": "1",
        "similarity_threshold": "0.5",
        "metadata": '{"size": "3"}',
    }
    answer = shop.call("POST", "/v1/catalog/search", data=form)
    assert answer.status_code == 200, answer.text
    assert keys(dict(answer.json or {})) == ["cafe"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"max_results": "1"}, "image"),
        ({"image": b"text", "max_results": "many"}, "max_results"),
        ({"image": b"just text"}, "image"),
        ({"image": b"", "image_url": "https://example.com/a.jpg"}, "image and image_url"),
        ({"image": b"", "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_form_is_a_422(shop: Api, form: dict[str, Any], field: str) -> None:
    data = {
        name: (io.BytesIO(value), "a.jpg") if isinstance(value, bytes) else value
        for name, value in form.items()
    }
    answer = shop.call("POST", "/v1/catalog/search", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert list((answer.json or {})["errors"]) == [field]


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({"size": 3}, {"bread", "pack"}),
        ({"size": "3"}, {"cafe"}),
        ({"tags": "new"}, {"bread"}),
        ({"tags": ["new", "old"]}, {"bread", "pack"}),
        ({"size": 3, "tags": "old"}, {"pack"}),
        ({"size": 4}, set()),
        ({"nothing": None}, set()),
    ],
)
@pytest.mark.parametrize("by", ["words", "picture"])
def test_metadata_filters_by_type_and_value(
    shop: Api, metadata: dict[str, Any], found: set[str], by: str
) -> None:
    picture = base64.b64encode(jpeg("red")).decode()
    subject = {"query": "молоко"} if by == "words" else {"image_base64": picture}
    answer = search(shop, **subject, metadata=metadata, similarity_threshold=0)
    assert set(keys(answer)) == found


def test_an_upload_says_which_metadata_cannot_be_filtered_by(api: Api) -> None:
    answer = api.upload(metadata={"deep": {"a": 1}, "size": 3})
    assert "deep" in answer["warnings"][0]
    assert "size" not in answer["warnings"][0]


@pytest.mark.parametrize(
    "asked",
    [
        {"query": " "},
        {"query": "…"},
        {"query": 5},
        {"query": "a", "metadata": {"a": {"b": 1}}},
        {"query": "a", "metadata": {"a": []}},
        {"query": "a", "metadata": {"a": "x" * 257}},
        {"query": "a", "metadata": "a"},
        {"query": "a", "metadata": {str(number): 1 for number in range(201)}},
        {"query": "a", "metadata": {"a": list(range(1001))}},
    ],
)
def test_wrong_words_and_filters_are_a_422(api: Api, asked: dict[str, Any]) -> None:
    assert api.post("/search", asked).status_code == 422


def test_a_filter_at_its_limits_is_answered(shop: Api) -> None:
    metadata = {"size": [3, *range(100, 1099)]} | {str(number): 1 for number in range(199)}
    assert search(shop, query="молоко", metadata=metadata)["total_found"] == 0
    assert search(shop, query="молоко", metadata={"size": metadata["size"]})["total_found"] == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"brand": "act"}, {"milk"}),
        ({"category": "food >"}, {"milk"}),
        ({"search": "lactel моло"}, {"milk"}),
        ({"search": "milk"}, set()),
        ({"search": "lactel nonsense"}, set()),
        ({"search": "牛"}, {"pack"}),
        ({"is_active": "false"}, set()),
        ({"search": ""}, {"milk", "bread", "cafe", "pack"}),
    ],
)
def test_the_list_s_filters(shop: Api, query: dict[str, str], found: set[str]) -> None:
    listed = shop.get("/products", query_string=query).json or {}
    assert {each["external_id"] for each in listed["products"]} == found
    assert listed["total"] == len(found)


def test_several_products_are_deleted_at_once(shop: Api) -> None:
    body = {"external_ids": ["milk", "unknown", "milk"]}
    answer = shop.call("DELETE", "/v1/catalog/products", body).json or {}
    assert [each["status"] for each in answer["results"]] == ["deleted", "not_found", "deleted"]
    assert (answer["deleted"], answer["not_found"]) == (1, 1)
    ids = [each["id"] for each in (shop.get("/products").json or {})["products"]]
    answer = shop.call("DELETE", "/v1/catalog/products", {"ids": ids}).json or {}
    assert answer["deleted"] == 3
    assert (shop.get("/products").json or {})["total"] == 0
    assert search(shop, query="молоко")["results"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"ids": []}, 422),
        ({"ids": ["nonsense"]}, 422),
        ({"ids": ["550e8400-e29b-41d4-a716-446655440000"], "external_ids": ["a"]}, 422),
        ({"external_ids": [str(number) for number in range(101)]}, 413),
    ],
)
def test_a_wrong_deletion_is_refused(api: Api, body: dict[str, Any], status: int) -> None:
    assert api.call("DELETE", "/v1/catalog/products", body).status_code == status
