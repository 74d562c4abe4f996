"""What stands around both APIs: keys, errors, health, documentation."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.api.conftest import Api

ROUTES = [
    ("POST", "/v1/catalog/products"),
    ("GET", "/v1/catalog/products"),
    ("GET", "/v1/catalog/products/550e8400-e29b-41d4-a716-446655440000"),
    ("DELETE", "/v1/catalog/products/550e8400-e29b-41d4-a716-446655440000"),
    ("POST", "/v1/catalog/search"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("key", [None, "sk_wrong", "sk_0123456789abcdef_" + "0" * 48])
def test_without_a_valid_key_nothing_opens(
    api: Api, method: str, path: str, key: str | None
) -> None:
    headers = {"X-API-Key": key} if key else {}
    answer = api.client.open(path, method=method, headers=headers, json={})
    assert (answer.status_code, (answer.json or {})["code"]) == (401, "unauthorized")
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_both_headers_open_and_two_keys_are_refused(api: Api) -> None:
    path, bearer = "/v1/catalog/products", {"Authorization": f"Bearer {api.key}"}
    assert api.client.get(path, headers=bearer).status_code == 200
    assert api.client.get(path, headers={"X-API-Key": api.key, **bearer}).status_code == 200
    answer = api.client.get(path, headers={"X-API-Key": "sk_other", **bearer})
    assert (answer.status_code, (answer.json or {})["code"]) == (400, "two_keys")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", "/v1/catalog/products", 405, "method_not_allowed"),
    ],
)
def test_the_framework_s_errors_are_problems_too(
    api: Api, method: str, path: str, status: int, code: str
) -> None:
    answer = api.call(method, path)
    assert (answer.status_code, (answer.json or {})["code"]) == (status, code)
    assert answer.mimetype == "application/problem+json"


def test_healthz_needs_no_key(api: Api) -> None:
    assert api.client.get("/healthz").json == {"status": "ok"}


def test_the_openapi_document_validates_and_names_every_route(api: Api) -> None:
    document: dict[str, Any] = api.client.get("/openapi.json").json or {}
    validate(document)  # type: ignore[no-untyped-call, unused-ignore]
    named = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if method != "parameters"
    }
    example = "550e8400-e29b-41d4-a716-446655440000"
    assert {(method, path.replace(example, "{id}")) for method, path in ROUTES} == named


def test_the_documentation_page_needs_no_other_host(api: Api) -> None:
    page = api.client.get("/docs/").text
    assert "/openapi.json" in page
    assert "https://" not in page.replace("https://github.com", "")
