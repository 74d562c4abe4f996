"""What stands around both APIs: keys, errors, health, documentation."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from lookalike.bootstrap import Services
from tests.api.harness import Api, Internet
from webapp.search.schemas import SUBJECTS

OPEN = {"/", "/healthz", "/readyz", "/metrics", "/openapi.json"}


def documented(api: Api) -> set[tuple[str, str]]:
    """Method and path of everything in the OpenAPI document."""
    document: dict[str, Any] = api.client.get("/openapi.json").json or {}
    return {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if method != "parameters"
    }


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


def test_a_request_has_an_id_and_one_log_line_without_secrets(api: Api) -> None:
    path = "/v1/catalog/products?external_id=private"
    with capture_logs(processors=[merge_contextvars]) as lines:
        answer = api.client.get(path, headers={"X-API-Key": api.key, "X-Request-ID": "job-7"})
    assert answer.headers["X-Request-ID"] == "job-7"
    assert [line["event"] for line in lines] == ["request"]
    line = lines[0]
    assert (line["request"], line["path"], line["status"]) == ("job-7", "/v1/catalog/products", 200)
    assert line["key"] == api.key.split("_")[1]
    assert api.key.split("_")[2] not in str(line)
    assert "private" not in str(line)


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "ключ"])
def test_an_id_that_does_not_fit_a_log_line_is_replaced(api: Api, sent: str) -> None:
    header = {"X-Request-ID": sent.encode().decode("latin-1")}
    answer = api.client.get("/healthz", headers=header)
    assert len(answer.headers["X-Request-ID"]) == 16


def test_forwarded_addresses_are_believed_only_of_trusted_proxies(make_app: Any) -> None:
    forwarded = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    for proxies, seen in ((0, "127.0.0.1"), (1, "203.0.113.9")):
        app, services, _ = make_app(trusted_proxies=proxies)
        with capture_logs() as lines:
            app.test_client().get("/healthz", headers=forwarded)
        assert lines[0]["address"] == seen
        services.index.close()


def test_healthz_needs_no_key(api: Api) -> None:
    assert api.client.get("/healthz").json == {"status": "ok"}


def test_the_openapi_document_validates_and_names_every_route(api: Api) -> None:
    validate(api.client.get("/openapi.json").json)  # type: ignore[arg-type, no-untyped-call, unused-ignore]
    served = {
        (method, re.sub("<(?:[a-z]+:)?([a-z]+)>", r"{\1}", rule.rule))
        for rule in api.client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule not in OPEN and not rule.rule.startswith(("/docs", "/static"))
    }
    assert documented(api) == served


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/catalog/products", "422"), ("POST", "/v1/catalog/search", "default")],
)
def test_errors_are_documented_as_they_are_answered(
    api: Api, method: str, path: str, status: str
) -> None:
    document: dict[str, Any] = api.client.get("/openapi.json").json or {}
    reference = document["paths"][path][method.lower()]["responses"][status]["$ref"]
    described = document["components"]["responses"][reference.rpartition("/")[2]]["content"]
    answer = api.call(method, f"{path}?limit=0", {"max_results": 0})
    assert answer.status_code == 422
    assert list(described) == [answer.mimetype]
    schema = document["components"]["schemas"]["Problem"]
    assert described[answer.mimetype]["schema"]["$ref"].endswith("/Problem")
    assert (answer.json or {}).keys() == schema["properties"].keys()
    assert "Error" not in document["components"]["schemas"]


def test_a_search_by_a_file_is_documented_as_it_is_taken(api: Api) -> None:
    schemas = (api.client.get("/openapi.json").json or {})["components"]["schemas"]
    form, body = schemas["PictureSearch"], schemas["SearchRequest"]
    assert form["required"] == ["image"]
    assert body["properties"].keys() - form["properties"].keys() == set(SUBJECTS)


def test_the_documentation_page_needs_no_other_host(api: Api) -> None:
    page = api.client.get("/docs/").text
    assert "/openapi.json" in page
    assert '"validatorUrl": null' in page
    assert "https://" not in page.replace("https://github.com", "")


def test_a_key_is_asked_for_before_anything_else_is_looked_at(api: Api) -> None:
    for path in ("/v1/catalog/products?page=0", "/api/v1/catalog/products?limit=201"):
        assert api.client.get(path).status_code == 401
        assert api.call("GET", path).status_code == 422


def test_readyz_tells_how_much_waits_for_a_worker(api: Api) -> None:
    api.upload()
    said = api.client.get("/readyz")
    assert said.status_code == 200
    assert said.json is not None
    assert (said.json["status"], said.json["index"]["model"]) == ("ready", "mini")
    queue = said.json["queue"]
    assert (queue["status"], queue["due"], queue["with_workers"]) == ("ok", 1, 0)
    assert 0 <= queue["oldest_due_s"] < 60


def test_readyz_is_degraded_without_redis_and_not_ready_without_products(
    make_app: Callable[..., tuple[Flask, Services, Internet]], tmp_path: Path
) -> None:
    app, *_ = make_app(redis_url="redis://127.0.0.1:1/0")
    said = app.test_client().get("/readyz")
    assert said.json is not None
    assert (said.status_code, said.json["status"]) == (200, "degraded")
    assert (said.json["queue"]["status"], said.json["index"]["status"]) == ("away", "ok")
    for file in tmp_path.glob("catalogue.sqlite3*"):
        file.write_bytes(b"no catalogue")
    said = app.test_client().get("/readyz")
    assert said.json is not None
    assert (said.status_code, said.json["status"]) == (503, "not_ready")
    assert said.json["index"]["detail"]
