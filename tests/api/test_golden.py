"""The published examples of the visual API, and every other of its document."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.harness import Api, jpeg
from tests.api.published import differences, exchanges
from webapp.search.examples import FOUND_BY_URL, SEARCH_BY_URL
from webapp.visual import examples

EXCHANGES = exchanges("visual")


def answered(api: Api, path: str, body: Any, status: int) -> Any:
    answer = api.call("POST", path, body)
    assert answer.status_code == status, answer.text
    return answer.json


def fifteen_jackets(api: Api) -> None:
    """The catalogue of which the published search tells: 15 found, the jacket first."""
    api.internet.pictures["https://example.com/jacket.jpg"] = jpeg("black")
    api.internet.pictures["https://example.com/query.jpg"] = jpeg("black")
    api.upload(**examples.UPLOAD)
    for number in range(14):
        url = f"https://example.com/{number}.jpg"
        shape = f"rgb({200 + number}, 230, 255)"
        api.internet.pictures[url] = jpeg("black", shape=shape)
        api.upload(title=f"Another {number}", image_url=url, external_id=f"SKU-{number}")
    api.work()


@pytest.mark.parametrize(
    ("published", "ours"),
    [
        ({"price": 1000}, {"price": 1000.0}),
        ({"price": 1000}, {}),
        ({"id": "a"}, {"id": 1}),
        ({"results": [{"title": "a"}]}, {"results": []}),
        ({"results": [{"title": "a"}]}, {"results": [{"title": "b"}]}),
        ({"total": 1}, {"total": True}),
    ],
)
def test_the_comparison_sees_a_difference(published: Any, ours: Any) -> None:
    assert list(differences(published, ours))


def test_the_published_upload_is_answered_as_published(api: Api) -> None:
    request, status, published = EXCHANGES["upload a single product"]
    ours = answered(api, request["path"], request["body"], status)
    assert list(differences(published, ours)) == []


def test_the_published_search_is_answered_as_published(api: Api) -> None:
    fifteen_jackets(api)
    request, status, published = EXCHANGES["search by image"]
    ours = answered(api, request["path"], request["body"], status)
    assert list(differences(published, ours)) == []


def documented() -> list[tuple[str, str]]:
    """The path and name of every request's example in the OpenAPI document."""
    return [
        ("/v1/catalog/products", "single"),
        ("/v1/catalog/products", "batch"),
        ("/v1/catalog/search", "picture"),
        ("/v1/catalog/search", "words"),
    ]


def test_the_list_above_is_all_that_the_document_shows(api: Api) -> None:
    paths = (api.client.get("/openapi.json").json or {})["paths"]
    shown = [
        (path, name)
        for path, methods in paths.items()
        if path.startswith("/v1/catalog")
        for operation in methods.values()
        if "requestBody" in operation
        for name in operation["requestBody"]["content"]["application/json"].get("examples", {})
    ]
    assert sorted(shown) == sorted(documented())


@pytest.mark.parametrize(("path", "name"), documented())
def test_every_documented_example_is_answered_as_documented(api: Api, path: str, name: str) -> None:
    if path.endswith("search"):
        fifteen_jackets(api)
    operation = (api.client.get("/openapi.json").json or {})["paths"][path]["post"]
    body = operation["requestBody"]["content"]["application/json"]["examples"][name]["value"]
    [(status, shown)] = [
        (int(status), response["content"]["application/json"]["examples"][name]["value"])
        for status, response in operation["responses"].items()
        if name in response.get("content", {}).get("application/json", {}).get("examples", {})
    ]
    assert list(differences(shown, answered(api, path, body, status))) == []


def test_the_published_examples_are_among_the_documented_ones() -> None:
    upload, search = EXCHANGES["upload a single product"], EXCHANGES["search by image"]
    assert upload[0]["body"] == examples.UPLOAD
    assert list(differences(upload[2], examples.UPLOADED)) == []
    assert (search[0]["body"], search[2]) == (SEARCH_BY_URL, FOUND_BY_URL)
