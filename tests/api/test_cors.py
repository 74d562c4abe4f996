"""Public keys in web pages: which pages may ask, and what their browsers let them read."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from lookalike.accounts.keys import Wanted
from lookalike.accounts.model import Browser
from tests.api.harness import Api

ORIGIN = "https://shop.example"
SEARCH = "/v1/catalog/search"
ALLOWED = "Access-Control-Allow-Origin"


def public(api: Api, burst: int = 30) -> str:
    browser = Browser(origins=frozenset({ORIGIN, "http://localhost:3000"}), burst=burst)
    tenant = api.services.accounts.tenant(None).id
    return api.services.accounts.create_key(tenant, Wanted(browser=browser))[1]


def ask(
    api: Api, key: str, origin: str | None = ORIGIN, path: str = SEARCH, **kwargs: Any
) -> TestResponse:
    """As a page's script does, whose browser adds its Origin."""
    headers = {"Authorization": f"Bearer {key}"} | ({"Origin": origin} if origin else {})
    return api.client.post(path, json={"query": "mug"}, headers=headers, **kwargs)


def preflight(api: Api, path: str, origin: str = ORIGIN) -> TestResponse:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return api.client.options(path, headers=headers)


def test_a_listed_page_may_ask_and_read_the_answer(api: Api) -> None:
    answer = ask(api, public(api))
    assert answer.status_code == 200
    assert answer.headers[ALLOWED] == ORIGIN
    assert "Origin" in answer.vary
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= set(exposed)
    assert {"Retry-After", "X-Request-ID"} <= set(exposed)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["RateLimit-Limit"] == "30"


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", f"{ORIGIN}.evil.example", f"{ORIGIN}:8443"]
)
def test_any_other_page_is_refused_and_reads_nothing(api: Api, origin: str | None) -> None:
    answer = ask(api, public(api), origin)
    assert (answer.status_code, (answer.json or {})["code"]) == (403, "wrong_origin")
    assert ALLOWED not in answer.headers
    assert "Origin" in answer.vary


def test_a_listed_page_reads_errors_too(api: Api) -> None:
    key = public(api, burst=1)
    assert ask(api, key).status_code == 200
    refused = ask(api, key)
    assert (refused.status_code, (refused.json or {})["code"]) == (429, "burst_limit")
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert (refused.headers[ALLOWED], "Origin" in refused.vary) == (ORIGIN, True)
    bad = api.client.post(
        SEARCH,
        data="{",
        content_type="application/json",
        headers={"X-API-Key": public(api)} | {"Origin": ORIGIN},
    )
    assert (bad.status_code, bad.headers[ALLOWED]) == (400, ORIGIN)


def test_the_burst_is_an_address_s_own(api: Api) -> None:
    key = public(api, burst=1)
    here, there = ({"REMOTE_ADDR": f"192.0.2.{number}"} for number in (1, 2))
    assert ask(api, key, environ_base=here).status_code == 200
    assert ask(api, key, environ_base=here).status_code == 429
    assert ask(api, key, environ_base=there).status_code == 200


def test_a_public_key_opens_nothing_but_searches(api: Api) -> None:
    headers = {"X-API-Key": public(api), "Origin": ORIGIN}
    answer = api.client.get("/v1/catalog/products", headers=headers)
    assert (answer.status_code, (answer.json or {})["code"]) == (403, "forbidden")
    assert answer.headers[ALLOWED] == ORIGIN


def test_a_secret_key_is_not_for_pages(api: Api) -> None:
    answer = ask(api, api.key)
    assert answer.status_code == 200
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("key", ["pk_wrong", "pk_0123456789abcdef_" + "0" * 48])
def test_without_a_key_of_ours_nothing_is_readable(api: Api, key: str) -> None:
    answer = ask(api, key)
    assert answer.status_code == 401
    assert ALLOWED not in answer.headers


@pytest.mark.parametrize("origin", [ORIGIN, "https://anybody.example", "null"])
def test_a_preflight_carries_no_key_and_is_answered_for_any_page(api: Api, origin: str) -> None:
    answer = preflight(api, SEARCH, origin)
    assert answer.status_code == 200
    assert answer.headers[ALLOWED] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "x-api-key", "content-type"} <= set(allowed)
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


def test_what_is_no_preflight_is_answered_without_cors(api: Api) -> None:
    plain = api.client.options(SEARCH, headers={"Origin": ORIGIN})
    assert plain.status_code == 200
    assert ALLOWED not in plain.headers
    nowhere = preflight(api, "/nowhere")
    assert nowhere.status_code == 404
    assert ALLOWED not in nowhere.headers
