"""The visual API by the contract, over the real parts."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.api.harness import Api, jpeg


def statuses(api: Api) -> dict[str, str]:
    products = api.get("/products").json["products"]  # type: ignore[index]
    return {each["external_id"]: each["embedding_status"] for each in products}


def search(api: Api, **asked: Any) -> list[dict[str, Any]]:
    answer = api.post("/search", asked)
    assert answer.status_code == 200, answer.text
    return list((answer.json or {})["results"])


def test_an_upload_becomes_searchable(api: Api) -> None:
    uploaded = api.upload(external_id="mug")
    assert (uploaded["status"], uploaded["embedding_status"]) == ("created", "pending")
    api.work()
    assert statuses(api) == {"mug": "completed"}
    found = search(api, image_base64=base64.b64encode(jpeg("navy")).decode())
    assert [each["id"] for each in found] == [uploaded["id"]]
    assert found[0]["similarity_score"] == pytest.approx(1.0, abs=0.01)


def test_a_data_url_is_a_picture_too(api: Api) -> None:
    api.upload()
    api.work()
    encoded = base64.b64encode(jpeg("navy")).decode()
    assert search(api, image_base64=f"data:image/jpeg;base64,{encoded}")


def test_a_claimed_product_is_processing(api: Api) -> None:
    api.upload(external_id="mug")
    claim = api.services.queue.claim(50)
    assert statuses(api) == {"mug": "processing"}
    api.services.queue.settle(claim, claim.items)
    assert statuses(api) == {"mug": "pending"}


def test_uploading_again_updates_and_the_same_again_does_nothing(api: Api) -> None:
    first = api.upload(external_id="mug", price=5)
    api.work()
    again = api.upload(external_id="mug", price=5)
    assert (again["status"], again["embedding_status"]) == ("unchanged", "completed")
    dearer = api.upload(external_id="mug", price=6)
    assert (dearer["status"], dearer["embedding_status"]) == ("updated", "completed")
    assert first["id"] == dearer["id"]
    assert len(api.internet.fetched) == 1


def test_an_upload_without_external_id_is_always_a_new_product(api: Api) -> None:
    one, other = api.upload(), api.upload()
    assert one["id"] != other["id"]
    assert one["external_id"] is None


def test_absent_and_null_clear(api: Api) -> None:
    uploaded = api.upload(external_id="mug", brand="Acme", price=5, metadata={"a": 1})
    api.upload(external_id="mug", price=None)
    product = api.get(f"/products/{uploaded['id']}").json or {}
    assert (product["brand"], product["price"], product["metadata"]) == (None, None, {})
    assert product["currency"] == "USD"


def test_numbers_keep_their_json_type(api: Api) -> None:
    uploaded = api.upload(price=1000, metadata={"size": 10, "weight": 1.0})
    text = api.get(f"/products/{uploaded['id']}").text
    assert '"price":1000,' in text.replace(" ", "")
    assert '"size":10,"weight":1.0' in text.replace(" ", "")


def test_a_batch_answers_each_item_in_order_and_one_bad_item_sinks_no_other(api: Api) -> None:
    good = {"title": "Mug", "image_url": "https://example.com/mug.jpg", "external_id": "a"}
    answer = api.post(
        "/products",
        {
            "products": [
                {**good, "price": 1},
                {"title": "", "image_url": "nonsense", "external_id": "b"},
                "not a product",
                {**good, "price": 2, "colour": "red"},
                {**good, "external_id": "c"},
            ]
        },
    )
    assert answer.status_code == 200
    body = answer.json or {}
    assert [each["status"] for each in body["results"]] == [
        *("failed", "failed", "failed", "created", "created")
    ]
    assert "comes again later" in body["results"][0]["error"]
    assert set(body["results"][1]["errors"]) == {"title", "image_url"}
    assert body["results"][3]["ignored_fields"] == ["colour"]
    assert (body["created"], body["failed"]) == (2, 3)
    assert set(statuses(api)) == {"a", "c"}


@pytest.mark.parametrize("key", ["\ud800", "x" * 10_000, "a\nb", "a\x00b"])
def test_a_key_of_rubbish_sinks_no_other_item(api: Api, key: str) -> None:
    good = {"title": "Mug", "image_url": "https://example.com/mug.jpg"}
    answer = api.post("/products", {"products": [good | {"external_id": key}, good]}).json or {}
    assert [each["status"] for each in answer["results"]] == ["failed", "created"]
    [line] = (api.get(f"/jobs/{answer['job_id']}").json or {})["errors"]
    assert "external_id: " in line
    assert len(line) < 1000


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"products": []}, 422, "invalid_value"),
        ({"products": "all"}, 422, "invalid_value"),
        ({"products": [{}] * 101}, 413, "too_large"),
        ({}, 422, "invalid_value"),
        ({"title": "Mug"}, 422, "invalid_value"),
        ({"image_url": "https://example.com/a.jpg"}, 422, "invalid_value"),
        ([], 400, "not_json"),
    ],
)
def test_a_wrong_upload_is_refused(api: Api, body: Any, status: int, code: str) -> None:
    answer = api.post("/products", body)
    assert (answer.status_code, (answer.json or {})["code"]) == (status, code)
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("title", 5),
        ("title", "x" * 1001),
        ("title", "\ud800"),
        ("image_url", "ftp://example.com/a.jpg"),
        ("image_url", "http://"),
        ("image_url", "http://[::1"),
        ("external_id", ""),
        ("external_id", " a"),
        ("external_id", "a\x00b"),
        ("external_id", "x" * 513),
        ("external_id", 5),
        ("price", -1),
        ("price", "12,50"),
        ("price", True),
        ("price", 10**12),
        ("price", 10**400),
        ("metadata", []),
        ("metadata", {"a": {"b": {"c": {"d": {"e": {}}}}}}),
        ("metadata", {str(number): 1 for number in range(201)}),
        ("metadata", {"a": "x" * 65536}),
    ],
)
def test_a_wrong_value_is_named(api: Api, field: str, value: Any) -> None:
    body = {"title": "Mug", "image_url": "https://example.com/a.jpg", field: value}
    answer = api.post("/products", body)
    assert answer.status_code == 422
    assert list((answer.json or {})["errors"]) == [field]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1", b'{"price": NaN}', b'{"price": 1e999}', b"\xff"]
)
def test_what_is_not_json_is_a_400(api: Api, body: bytes) -> None:
    answer = api.call("POST", "/v1/catalog/products", data=body, content_type="application/json")
    assert (answer.status_code, (answer.json or {})["code"]) == (400, "not_json")


def test_json_nested_five_thousand_deep_is_a_400(api: Api) -> None:
    body = b'{"a":' * 5000 + b"1" + b"}" * 5000
    answer = api.call("POST", "/v1/catalog/search", data=body, content_type="application/json")
    assert answer.status_code == 400


def test_another_content_type_is_a_415(api: Api) -> None:
    answer = api.call("POST", "/v1/catalog/products", data=b"title=Mug")
    assert answer.status_code == 415


def test_a_dead_picture_fails_with_words_and_is_tried_again_by_the_next_upload(api: Api) -> None:
    body = {"title": "Mug", "image_url": "https://example.com/gone.jpg", "external_id": "mug"}
    id = (api.post("/products", body).json or {})["id"]
    api.work()
    product = api.get(f"/products/{id}").json or {}
    assert product["embedding_status"] == "failed"
    assert "https://example.com/gone.jpg" in product["embedding_error"]
    api.internet.pictures["https://example.com/gone.jpg"] = jpeg("navy")
    assert (api.post("/products", body).json or {})["embedding_status"] == "pending"
    api.work()
    product = api.get(f"/products/{id}").json or {}
    assert (product["embedding_status"], product["embedding_error"]) == ("completed", None)


def test_the_old_picture_stays_searchable_until_the_new_one_is_there(api: Api) -> None:
    api.upload(external_id="mug")
    api.work()
    body = {"title": "Mug", "image_url": "https://example.com/gone.jpg", "external_id": "mug"}
    api.post("/products", body)
    api.work()
    assert statuses(api) == {"mug": "failed"}
    assert search(api, image_base64=base64.b64encode(jpeg("navy")).decode())


def test_a_search_by_product_leaves_the_product_out(api: Api) -> None:
    one = api.upload(external_id="a")
    two = api.upload(external_id="b")
    api.work()
    assert [each["id"] for each in search(api, product_id=one["id"])] == [two["id"]]


def test_a_search_by_a_product_that_is_not_ready_is_a_409(api: Api) -> None:
    id = api.upload()["id"]
    assert api.post("/search", {"product_id": id}).status_code == 409


def test_a_search_by_a_product_whose_picture_is_dead_is_a_422(api: Api) -> None:
    body = {"title": "Mug", "image_url": "https://example.com/gone.jpg"}
    id = (api.post("/products", body).json or {})["id"]
    api.work()
    assert api.post("/search", {"product_id": id}).status_code == 422


def test_filters_apply_before_the_nearest_are_taken(api: Api) -> None:
    api.upload(external_id="a", category="Outerwear > Jackets", price=10)
    api.upload(external_id="b", category="Outerwear", price=20)
    api.upload(external_id="c", category="Outerwear Plus", price=30)
    api.upload(external_id="d")
    api.work()
    picture = base64.b64encode(jpeg("navy")).decode()

    def found(**filters: Any) -> set[str]:
        return {each["external_id"] for each in search(api, image_base64=picture, **filters)}

    assert found() == {"a", "b", "c", "d"}
    assert found(category="outerwear") == {"a", "b"}
    assert found(category="Outerwear > Jackets") == {"a"}
    assert found(category="Jackets") == set()
    assert found(min_price=20) == {"b", "c"}
    assert found(max_price=20) == {"a", "b"}
    assert found(min_price=10, max_price=10) == {"a"}
    assert len(search(api, image_base64=picture, max_results=1)) == 1


def test_total_found_counts_beyond_max_results_and_the_threshold_is_inclusive(api: Api) -> None:
    for key in "abc":
        api.upload(external_id=key)
    api.work()
    asked = {"image_base64": base64.b64encode(jpeg("navy")).decode(), "max_results": 2}
    answer = api.post("/search", asked | {"similarity_threshold": 1}).json or {}
    assert (len(answer["results"]), answer["total_found"]) == (2, 3)
    assert answer["total_found_relation"] == "eq"
    assert set(answer["steps_ms"]) == {"picture", "decode", "embed", "search"}


PICTURE = base64.b64encode(jpeg("navy")).decode()


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (
            {"image_base64": PICTURE, "product_id": "550e8400-e29b-41d4-a716-446655440000"},
            "image_base64 and product_id",
        ),
        ({"image_base64": "not base64!"}, "image_base64"),
        ({"image_base64": base64.b64encode(b"just text").decode()}, "image_base64"),
        ({"image_base64": ""}, "image_base64"),
        ({"image_url": "https://example.com/unknown.jpg"}, "image_url"),
        ({"image_url": "http://127.0.0.1/admin"}, "image_url"),
        ({"product_id": "nonsense"}, "product_id"),
        ({"image_base64": PICTURE, "similarity_threshold": 7}, "similarity_threshold"),
        ({"image_base64": PICTURE, "similarity_threshold": 10**400}, "similarity_threshold"),
        ({"image_base64": PICTURE, "max_results": 0}, "max_results"),
        ({"image_base64": PICTURE, "max_results": 10**9}, "max_results"),
        ({"image_base64": PICTURE, "max_results": "5"}, "max_results"),
        ({"image_base64": PICTURE, "max_results": True}, "max_results"),
        ({"image_base64": PICTURE, "min_price": -1}, "min_price"),
        ({"image_base64": PICTURE, "max_price": "12,50"}, "max_price"),
        ({"image_base64": PICTURE, "min_price": 2, "max_price": 1}, "min_price"),
        ({"image_base64": PICTURE, "treshold": 0.5}, "treshold"),
    ],
)
def test_a_wrong_search_is_refused(api: Api, asked: dict[str, Any], field: str) -> None:
    answer = api.post("/search", asked)
    assert (answer.status_code, (answer.json or {})["code"]) == (422, "invalid_value")
    assert list((answer.json or {})["errors"]) == [field]


def test_a_search_for_nothing_is_told_what_to_search_with(api: Api) -> None:
    answer = api.post("/search", {})
    assert (answer.status_code, (answer.json or {})["code"]) == (422, "invalid_value")
    assert "image_base64" in (answer.json or {})["detail"]


def test_a_query_picture_that_cannot_be_had_tells_nothing_of_what_is_behind_us(api: Api) -> None:
    urls = ["https://example.com/unknown.jpg", "http://127.0.0.1/", "http://10.0.0.1:6379/"]
    said = {(api.post("/search", {"image_url": url}).json or {})["detail"] for url in urls}
    assert len(said) == 1


def test_deleting_is_for_good(api: Api) -> None:
    id = api.upload()["id"]
    assert api.call("DELETE", f"/v1/catalog/products/{id}").status_code == 204
    assert api.get(f"/products/{id}").status_code == 404
    assert api.call("DELETE", f"/v1/catalog/products/{id}").status_code == 404
    api.work()
    assert (api.get("/products").json or {})["total"] == 0


@pytest.mark.parametrize("id", ["nonsense", "550e8400-e29b-41d4-a716-446655440000"])
def test_an_unknown_or_malformed_id_is_a_404(api: Api, id: str) -> None:
    answer = api.get(f"/products/{id}")
    assert (answer.status_code, (answer.json or {})["code"]) == (404, "not_found")


def test_the_list_pages_by_number_and_by_cursor(api: Api) -> None:
    for number in range(5):
        api.upload(external_id=str(number))
    by_number = [
        each["external_id"]
        for page in (1, 2, 3, 4)
        for each in (api.get(f"/products?limit=2&page={page}").json or {})["products"]
    ]
    by_cursor, path = [], "/products?limit=2"
    while path:
        page = api.get(path).json or {}
        assert page["total"] == 5
        by_cursor += [each["external_id"] for each in page["products"]]
        cursor = page["next_cursor"]
        path = f"/products?limit=2&cursor={cursor}" if cursor else ""
    assert by_number == by_cursor == ["4", "3", "2", "1", "0"]


def test_the_list_filters_by_external_id_and_by_status(api: Api) -> None:
    api.upload(external_id="a/b")
    api.upload(external_id="c")
    listed = api.get("/products", query_string={"external_id": "a/b"}).json or {}
    assert [each["external_id"] for each in listed["products"]] == ["a/b"]
    assert (api.get("/products?embedding_status=pending").json or {})["total"] == 2
    assert (api.get("/products?embedding_status=processing").json or {})["total"] == 2
    assert (api.get("/products?embedding_status=failed").json or {})["total"] == 0


@pytest.mark.parametrize(
    "place",
    [
        "[" * 5000,
        '["2026-01-01T00:00:00+00:00", "\\ud800"]',
        '["2026-01-01T00:00:00+00:00", 5]',
        '["2026-01-01T00:00:00", "550e8400-e29b-41d4-a716-446655440000"]',
        '["tomorrow", "550e8400-e29b-41d4-a716-446655440000"]',
        "5",
    ],
)
def test_a_cursor_that_nobody_was_given_is_a_422(api: Api, place: str) -> None:
    api.upload()
    cursor = base64.urlsafe_b64encode(place.encode()).decode()
    answer = api.get("/products", query_string={"cursor": cursor})
    assert answer.status_code == 422
    assert list((answer.json or {})["errors"]) == ["cursor"]


@pytest.mark.parametrize(
    "query", ["page=0", "limit=201", "limit=x", "cursor=rubbish", "embedding_status=done"]
)
def test_a_wrong_page_is_a_422(api: Api, query: str) -> None:
    answer = api.get(f"/products?{query}")
    assert (answer.status_code, (answer.json or {})["code"]) == (422, "invalid_value")
    assert list((answer.json or {})["errors"]) == [query.split("=", maxsplit=1)[0]]
