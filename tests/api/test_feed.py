"""The feed API: what an upload, a partial update, a deletion and a reindexing do."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from lookalike.embedding.pictures import PictureSource
from tests.api.feed import PRODUCTS, found, job, milk, put, read, with_pictures
from tests.api.harness import Api, jpeg

COUNTED = ("created", "updated", "unchanged", "failed", "to_embed")


def counted(answer: dict[str, Any]) -> dict[str, int]:
    """What an upload counted, without what is zero."""
    return {name: answer[name] for name in COUNTED if answer[name]}


def test_an_upload_is_stored_embedded_and_found(api: Api) -> None:
    with_pictures(api, "milk")
    answer = put(api, milk(), {"sku": "bread", "name": "Bread"})
    assert counted(answer) == {"created": 2, "to_embed": 2}
    api.work()
    done = job(api, answer["job_id"])
    assert (done["status"], done["embedded"], done["total"], done["kind"]) == (
        "complete",
        2,
        2,
        "upload",
    )
    assert found(api, {"query": "bread", "max_results": 1}) == {"bread"}
    by_picture = {"image_url": "https://example.com/milk.jpg", "similarity_threshold": 0}
    assert found(api, by_picture) == {"milk"}


def test_what_is_identical_costs_nothing_and_what_is_plain_costs_a_write(api: Api) -> None:
    with_pictures(api, "milk")
    put(api, milk(weight=1000), {"sku": "bread", "name": "Bread"})
    api.work()
    before, fetched = read(api, "milk"), len(api.internet.fetched)
    assert counted(put(api, milk(weight=1000), {"sku": "bread", "name": "Bread"})) == {
        "unchanged": 2
    }
    assert read(api, "milk") == before
    answer = put(api, milk(weight=999), {"sku": "bread", "name": "Bread"})
    assert counted(answer) == {"unchanged": 2}
    assert job(api, answer["job_id"])["status"] == "complete"
    assert (read(api, "milk")["weight"], len(api.internet.fetched)) == (999, fetched)


def test_a_changed_text_and_a_changed_picture_are_updates(api: Api) -> None:
    with_pictures(api, "milk", "cow")
    put(api, milk())
    api.work()
    assert counted(put(api, milk(name="Fresh milk"))) == {"updated": 1, "to_embed": 1}
    api.work()
    changed = milk(name="Fresh milk", image_url="https://example.com/cow.jpg")
    assert counted(put(api, changed)) == {"updated": 1, "to_embed": 1}
    api.work()
    assert found(api, {"image_url": "https://example.com/cow.jpg"}) == {"milk"}


def test_an_identical_upload_waits_for_what_an_earlier_one_left_owed(api: Api) -> None:
    with_pictures(api, "milk")
    first, second = put(api, milk()), put(api, milk())
    assert counted(second) == {"unchanged": 1, "to_embed": 1}
    api.work()
    for answer in (first, second):
        done = job(api, answer["job_id"])
        assert (done["status"], done["embedded"], done["superseded"]) == ("complete", 1, 0)


def test_an_upload_that_changes_the_text_supersedes_in_earlier_jobs(api: Api) -> None:
    first = put(api, {"sku": "bread", "name": "Bread"})
    put(api, {"sku": "bread", "name": "Fresh bread"})
    done = job(api, first["job_id"])
    assert (done["status"], done["embedded"], done["superseded"]) == ("complete", 0, 1)


def test_a_failed_picture_is_tried_again_by_the_same_upload(api: Api) -> None:
    answer = put(api, milk())
    api.work()
    done = job(api, answer["job_id"])
    assert (done["status"], done["embedding_failed"]) == ("complete", 1)
    assert done["errors"][0].startswith("milk: https://example.com/milk.jpg")
    assert found(api, {"query": "milk"}) == {"milk"}
    with_pictures(api, "milk")
    assert counted(put(api, milk())) == {"unchanged": 1, "to_embed": 1}
    api.work()
    assert read(api, "milk")["embedding_status"] == "completed"


def test_an_upload_clears_what_it_leaves_out_and_keeps_what_the_other_api_names(api: Api) -> None:
    with_pictures(api, "milk")
    put(api, milk(brand="Acme", unit="l", attributes={"fat": 2.5}))
    api.upload(title="Milk", image_url="https://example.com/milk.jpg", external_id="milk", price=3)
    assert (read(api, "milk")["unit"], read(api, "milk")["brand"]) == ("l", None)
    put(api, milk())
    stored = read(api, "milk")
    assert (stored["unit"], stored["attributes"]) == ("pcs", {})
    [visual] = (api.get("/products?external_id=milk").json or {})["products"]
    assert (visual["price"], visual["id"]) == (3, stored["id"])


def test_a_product_without_a_key_of_its_own_shows_the_generated_one_as_sku(api: Api) -> None:
    made = api.upload(title="Mug")
    [listed] = (api.call("GET", PRODUCTS).json or {})["products"]
    assert (listed["id"], listed["name"]) == (made["id"], "Mug")
    found_by_key = (api.call("GET", f"{PRODUCTS}?sku={listed['sku']}").json or {})["products"]
    assert found_by_key == [listed]
    assert (api.call("GET", f"{PRODUCTS}?external_id={listed['sku']}").json or {})["total"] == 0
    assert counted(put(api, {"sku": listed["sku"], "name": "Mug"})) == {
        "updated": 1,
        "to_embed": 1,
    }


def test_the_same_sku_twice_is_stored_as_it_came_last(api: Api) -> None:
    answer = put(api, milk(name="First"), {"sku": "x"}, milk(name="Last", image_url=None))
    assert counted(answer) == {"created": 1, "failed": 2, "to_embed": 1}
    assert answer["total"] == 3
    assert read(api, "milk")["name"] == "Last"
    errors = job(api, answer["job_id"])["errors"]
    assert errors[0].startswith("milk: This sku comes again")
    assert errors[1].startswith("x: name: Missing data")


def test_the_same_sku_again_sinks_no_product_unless_it_is_one(api: Api) -> None:
    answer = put(api, milk(), milk(name="Good"), milk(name=5), {"sku": "milk"})
    assert counted(answer) == {"created": 1, "failed": 3, "to_embed": 1}
    assert read(api, "milk")["name"] == "Good"
    errors = job(api, answer["job_id"])["errors"]
    assert [line.split(" ")[1] for line in errors] == ["This", "name:", "name:"]


@pytest.mark.parametrize(
    ("product", "line"),
    [
        ({"name": "No sku"}, "item 1: sku: Missing data for required field."),
        ({"sku": "", "name": "A"}, "item 1: sku: Must not be empty."),
        ({"sku": "x" * 513, "name": "A"}, "sku: Must be at most 512 characters, not 513."),
        ({"sku": " a", "name": "A"}, " a: sku: Must not begin or end with white space."),
        ({"sku": "a\u0000", "name": "A"}, "sku: Must not hold control characters."),
        ({"sku": 5, "name": "A"}, "item 1: sku: Must be text."),
        ({"sku": "a", "name": 5}, "a: name: Must be text."),
        ({"sku": "a", "name": "\ud800"}, "a: name: Holds half of a surrogate pair"),
        ({"sku": "\ud800", "name": "A"}, "?: sku: Holds half of a surrogate pair"),
        ({"sku": "a", "name": "A", "weight": "1"}, "a: weight: Must be a number"),
        ({"sku": "a", "name": "A", "weight": -1}, "a: weight: Must be a number from 0"),
        ({"sku": "a", "name": "A", "is_active": "yes"}, "a: is_active: Must be true or false"),
        ({"sku": "a", "name": "A", "image_url": "ftp://x"}, "a: image_url: Must be an absolute"),
        ({"sku": "a", "name": "A", "attributes": []}, "a: attributes: Must be an object"),
        ("text", "item 1: A product must be an object"),
    ],
)
def test_a_wrong_product_fails_alone_and_says_why(api: Api, product: Any, line: str) -> None:
    answer = put(api, product, {"sku": "good", "name": "Good"})
    assert counted(answer) == {"created": 1, "failed": 1, "to_embed": 1}
    [said] = job(api, answer["job_id"])["errors"]
    assert line in said


def test_empty_parts_of_a_category_are_kept_and_do_not_matter(api: Api) -> None:
    put(api, {"sku": "a", "name": "A", "category_path": "Dairy > > Milk >"})
    api.work()
    assert read(api, "a")["category_path"] == "Dairy > > Milk >"
    assert found(api, {"query": "a", "category": "dairy > milk"}) == {"a"}


def test_of_a_long_name_that_is_ignored_the_beginning_is_told(api: Api) -> None:
    answer = put(api, {"sku": "a", "name": "A", "x" * 100_000: 1})
    assert answer["ignored_fields"] == ["x" * 256]


def test_unknown_fields_are_named_as_ignored(api: Api) -> None:
    body = {"source": "x", "products": [{"sku": "a", "name": "A", "price": 5}], "more": [1]}
    answer = api.call("PUT", PRODUCTS, body).json or {}
    assert answer["ignored_fields"] == ["more", "price", "source"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"products": [{"sku": "a", "name": "A"}, {"sku": "b", "na', 400, "not_json"),
        (b'{"products": [{"sku": "a", "name": "A"}] ', 400, "not_json"),
        (b'{"products": [{"sku": "a", "name": "A"}]} x', 400, "not_json"),
        (b'{"products": [{"sku": "a", "name": "A", "weight": NaN}]}', 400, "not_json"),
        (b'{"products": [{"sku": "a", "name": "\xff"}]}', 400, "not_json"),
        (b'{"products": [' + b"[" * 5000 + b"]" * 5000 + b"]}", 400, "not_json"),
        (b'[{"sku": "a", "name": "A"}]', 400, "not_json"),
        (b"", 400, "not_json"),
        (b'{"products": []}', 422, "invalid_value"),
        (b'{"products": {}}', 422, "invalid_value"),
        (b"{}", 422, "invalid_value"),
        (b'{"products": [{"sku": "a", "name": "A"}], "products": []}', 422, "invalid_value"),
    ],
)
def test_a_broken_body_is_refused_whole(api: Api, body: bytes, status: int, code: str) -> None:
    answer = api.call("PUT", PRODUCTS, data=body, content_type="application/json")
    assert (answer.status_code, (answer.json or {})["code"]) == (status, code)
    assert (api.call("GET", PRODUCTS).json or {})["total"] == 0


def test_a_packed_body_is_understood(api: Api) -> None:
    assert put_packed(api.client, api.key, json.dumps({"products": [PRODUCT]})) == (202, None)


def test_a_body_that_explodes_is_refused(make_app: Any) -> None:
    app, services, _ = make_app(max_upload_mb=1)
    key = services.accounts.open()
    spaces = " " * 2**20
    answer = put_packed(app.test_client(), key, spaces + json.dumps({"products": [PRODUCT]}))
    assert answer == (413, "too_large")
    services.index.close()


PRODUCT = {"sku": "a", "name": "A"}


def put_packed(client: FlaskClient, key: str, body: str) -> tuple[int, str | None]:
    """The status and the code of the answer to a body that is sent packed."""
    headers = {"X-API-Key": key, "Content-Encoding": "gzip"}
    data = gzip.compress(body.encode())
    answer = client.put(PRODUCTS, data=data, headers=headers, content_type="application/json")
    return answer.status_code, (answer.json or {}).get("code")


KEYS = ["a/b", "a//b", "/a", "a/", "%2F", "a%2Fb", "😀" * 512, "a b", "ключ", "a?b#c", "..a"]


@pytest.mark.parametrize("sku", KEYS)
def test_any_sku_is_a_path(api: Api, sku: str) -> None:
    put(api, {"sku": sku, "name": "A"})
    path = f"{PRODUCTS}/{quote(sku)}"
    assert (api.call("GET", path).json or {})["sku"] == sku
    assert (api.call("PATCH", path, {"unit": "kg"}).json or {})["updated_fields"] == ["unit"]
    assert api.call("DELETE", path).status_code == 204
    [listed] = (api.call("GET", f"{PRODUCTS}?sku={quote(sku)}").json or {})["products"]
    assert (listed["sku"], listed["is_active"]) == (sku, False)


def test_a_patch_changes_what_it_names_and_tells_what_changed(api: Api) -> None:
    with_pictures(api, "milk", "cow")
    put(api, milk(brand="Acme", weight=5))
    api.work()
    path = f"{PRODUCTS}/milk"
    change = {"weight": 6, "brand": "Acme", "unit": None, "colour": "white"}
    assert api.call("PATCH", path, change).json == {
        "sku": "milk",
        "updated_fields": ["weight"],
        "re_embedded": False,
        "ignored_fields": ["colour"],
    }
    assert read(api, "milk")["embedding_status"] == "completed"
    picture = {"image_url": "https://example.com/cow.jpg"}
    assert (api.call("PATCH", path, picture).json or {})["re_embedded"] is False
    assert read(api, "milk")["embedding_status"] == "pending"
    assert (api.call("PATCH", path, {"brand": None}).json or {})["re_embedded"] is True
    api.work()
    stored = read(api, "milk")
    assert (stored["embedding_status"], stored["brand"]) == ("completed", None)
    assert found(api, {"image_url": "https://example.com/cow.jpg"}) == {"milk"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, None),
        ({"colour": "white"}, None),
        ({"sku": "other"}, "sku"),
        ({"name": None}, "name"),
        ({"is_active": None}, "is_active"),
        ({"weight": "5"}, "weight"),
    ],
)
def test_a_patch_that_cannot_be_done_is_refused(
    api: Api, change: dict[str, Any], field: str | None
) -> None:
    put(api, {"sku": "a", "name": "A"})
    answer = api.call("PATCH", f"{PRODUCTS}/a", change)
    assert answer.status_code == 422
    assert set((answer.json or {}).get("errors", {})) == ({field} if field else set())


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_sku_is_a_404(api: Api, method: str) -> None:
    answer = api.call(method, f"{PRODUCTS}/x", {"unit": "kg"} if method == "PATCH" else None)
    assert answer.status_code == 404


def test_true_is_not_1(api: Api) -> None:
    put(api, {"sku": "a", "name": "A", "attributes": {"organic": True}})
    put(api, {"sku": "a", "name": "A", "attributes": {"organic": 1}})
    assert read(api, "a")["attributes"]["organic"] is not True
    nested = {"sizes": [{"new": 0}]}
    api.call("PATCH", f"{PRODUCTS}/a", {"attributes": nested})
    nested = {"sizes": [{"new": False}]}
    answer = api.call("PATCH", f"{PRODUCTS}/a", {"attributes": nested})
    assert (answer.json or {})["updated_fields"] == ["attributes"]
    assert read(api, "a")["attributes"]["sizes"][0]["new"] is False


def test_a_deleted_product_is_in_no_search_and_comes_back(api: Api) -> None:
    with_pictures(api, "milk")
    put(api, milk())
    api.work()
    for _ in range(2):
        assert api.call("DELETE", f"{PRODUCTS}/milk").status_code == 204
    assert found(api, {"query": "milk"}) == set()
    assert put(api, milk())["unchanged"] == 1
    assert read(api, "milk")["is_active"] is False
    visual = api.upload(title="Milk", image_url=milk()["image_url"], external_id="milk")
    assert "inactive" in visual["warnings"][0]
    back = api.call("PATCH", f"{PRODUCTS}/milk", {"is_active": True}).json or {}
    assert back["updated_fields"] == ["is_active"]
    assert found(api, {"query": "milk"}) == {"milk"}


def test_an_inactive_product_is_embedded_when_it_comes_back(api: Api) -> None:
    with_pictures(api, "milk")
    answer = put(api, milk(is_active=False))
    assert counted(answer) == {"created": 1}
    assert job(api, answer["job_id"])["status"] == "complete"
    api.work()
    assert (read(api, "milk")["embedding_status"], api.internet.fetched) == ("pending", [])
    assert counted(put(api, milk(is_active=True))) == {"unchanged": 1, "to_embed": 1}
    api.work()
    assert read(api, "milk")["embedding_status"] == "completed"


def test_a_deletion_supersedes_in_the_job_that_waits(api: Api) -> None:
    answer = put(api, milk(), {"sku": "bread", "name": "Bread"})
    api.call("DELETE", f"{PRODUCTS}/milk")
    api.work()
    done = job(api, answer["job_id"])
    assert (done["status"], done["embedded"], done["superseded"]) == ("complete", 1, 1)


def test_clearing_the_picture_takes_the_product_out_of_searches_by_picture_at_once(
    api: Api,
) -> None:
    with_pictures(api, "milk")
    put(api, milk())
    api.work()
    api.call("PATCH", f"{PRODUCTS}/milk", {"image_url": None})
    by_picture = {"image_url": "https://example.com/milk.jpg", "similarity_threshold": 0}
    assert found(api, by_picture) == set()
    assert read(api, "milk")["embedding_status"] == "completed"


def reindex(api: Api) -> dict[str, Any]:
    answer = api.call("POST", "/api/v1/catalog/reindex")
    assert answer.status_code == 202, answer.text
    return dict(answer.json or {})


def test_reindexing_fetches_everything_again_and_finds_a_swapped_picture(api: Api) -> None:
    with_pictures(api, "milk")
    put(api, milk(), {"sku": "bread", "name": "Bread"}, {"sku": "off", "name": "Off"})
    api.call("DELETE", f"{PRODUCTS}/off")
    api.work()
    api.internet.pictures[milk()["image_url"]] = jpeg("yellow", shape="black")
    api.internet.pictures["https://example.com/new.jpg"] = jpeg("yellow", shape="black")
    by_new = {"image_url": "https://example.com/new.jpg", "similarity_threshold": 1}
    assert found(api, by_new) == set()
    begun = reindex(api)
    assert (begun["status"], begun["product_count"]) == ("started", 2)
    assert found(api, {"query": "bread", "max_results": 1}) == {"bread"}
    assert reindex(api) == begun | {"status": "running"}
    api.work()
    done = job(api, begun["job_id"])
    assert (done["status"], done["kind"], done["embedded"], done["total"]) == (
        "complete",
        "reindex",
        2,
        2,
    )
    assert found(api, by_new) == {"milk"}
    assert reindex(api)["status"] == "started"


def test_reindexing_goes_on_page_by_page_and_survives_a_restart(api: Api) -> None:
    products = [{"sku": str(number), "name": "Bread"} for number in range(1100)]
    put(api, *products)
    begun = reindex(api)
    assert job(api, begun["job_id"])["status"] == "pending"
    resumed = 0
    while api.services.reindex.resume():
        resumed += 1
    assert (resumed, job(api, begun["job_id"])["to_embed"]) == (1, 1100)


def test_a_worker_that_began_before_a_reindexing_does_not_end_it(api: Api) -> None:
    with_pictures(api, "milk")
    put(api, milk())

    class Swapping(PictureSource):
        """Gives the old picture, and meanwhile a reindexing is asked for."""

        def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
            reindex(api)
            return jpeg("red")

    pipeline = api.pipeline
    api.fetch_from(Swapping())
    api.pipeline.run()
    assert read(api, "milk")["embedding_status"] == "pending"
    api.pipeline = pipeline
    api.work()
    assert read(api, "milk")["embedding_status"] == "completed"
    assert found(api, {"image_url": "https://example.com/milk.jpg"}) == {"milk"}


def test_every_filter_of_the_list_holds(api: Api) -> None:
    put(
        api,
        {"sku": "a", "name": "Молоко Lactel", "brand": "Lactel", "category_path": "Dairy > Milk"},
        {"sku": "b", "name": "Bread", "brand": "Київхліб", "is_active": False},
    )

    def skus(query: str) -> set[str]:
        answer = api.call("GET", f"{PRODUCTS}?{query}").json or {}
        assert answer["total"] == len(answer["products"])
        return {each["sku"] for each in answer["products"]}

    assert skus("brand=lact") == skus("category=milk") == skus("is_active=true") == {"a"}
    assert skus("search=мол") == skus("sku=a") == skus("external_id=a") == {"a"}
    assert skus("is_active=false") == skus("brand=хліб") == {"b"}
    assert skus("embedding_status=pending") == {"a", "b"}
    for wrong in ("page=0", "limit=201", "is_active=perhaps"):
        assert api.call("GET", f"{PRODUCTS}?{wrong}").status_code == 422


def test_a_path_below_a_product_is_that_product_and_nothing_else(api: Api) -> None:
    put(api, {"sku": "a", "name": "A"})
    assert api.call("GET", f"{PRODUCTS}/a/reindex").status_code == 404
    assert api.call("POST", f"{PRODUCTS}/a").status_code == 405
