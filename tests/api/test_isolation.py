"""Every route that the OpenAPI document names, asked by those who may not: without a key, with a
wrong one, without the scope, from a web page, and above all by another tenant."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import pytest

from lookalike.accounts.keys import Wanted
from lookalike.accounts.model import Browser, Scope
from tests.api.harness import Api, jpeg
from tests.api.operations import Request, Things, operations

UNKNOWN = "550e8400-e29b-41d4-a716-446655440000"
SHOP = Browser(origins=frozenset({"https://shop.example"}), burst=1000)
ANYTHING: Things = {"id": [UNKNOWN], "sku": ["a/b"]}

MARK = "Annahidden"
"""In everything of Anna's that has a text of its own. No request of another's carries it."""


@dataclass
class Anna:
    """A tenant with a catalogue, a job and keys, all of it embedded."""

    key: str
    things: Things
    ids: set[str]


@pytest.fixture
def anna(api: Api) -> Anna:
    accounts = api.services.accounts
    tenant = accounts.tenant(None).id
    url = f"https://example.com/{MARK}.jpg"
    api.internet.pictures[url] = jpeg("navy")
    facts = {"image_url": url, "sku": "plain-7", "brand": "Acme", "category": "Mugs"}
    products = [
        {"external_id": f"key/{number}", "title": f"{MARK} mug", "metadata": {"note": MARK}} | facts
        for number in range(2)
    ]
    job = (api.post("/products", {"products": products}).json or {})["job_id"]
    api.work()
    key, _ = accounts.create_key(tenant, Wanted(label=MARK, browser=SHOP))
    listed = api.get("/products?limit=1").json or {}
    product = listed["products"][0]["id"]
    things = {
        "id": [product, job, key.id],
        "sku": ["key/1", "plain-7"],
        "external_id": ["key/1"],
        "product_id": [product],
        "ids": [[product]],
        "external_ids": [["key/1"]],
        "query": ["mug"],
        "search": ["mug"],
        "brand": ["Acme"],
        "category": ["Mugs"],
        "metadata": [{"note": "x"}],
        "cursor": [listed["next_cursor"]],
        "embedding_status": ["completed"],
        "Idempotency-Key": ["night-1"],
    }
    return Anna(api.key, things, {tenant, product, job, key.id})


def other_tenant(api: Api) -> str:
    return api.services.accounts.create_tenant("Oleh", "unlimited")[1]


def asked(api: Api, things: Things) -> list[Request]:
    found = [request for each in operations(api.client) for request in each.requests(things)]
    assert {request.method for request in found} >= {"GET", "POST", "PATCH", "DELETE"}
    return found


@pytest.mark.parametrize("key", [None, "sk_wrong", "sk_0123456789abcdef_" + "0" * 48])
def test_without_a_valid_key_nothing_opens(api: Api, key: str | None) -> None:
    for request in asked(api, ANYTHING):
        answer = request.send(api.client, key)
        assert (answer.status_code, (answer.json or {})["code"]) == (401, "unauthorized"), request
        assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_without_a_scope_nothing_opens(api: Api) -> None:
    tenant = api.services.accounts.tenant(None).id
    key = api.services.accounts.create_key(tenant, Wanted(scopes=frozenset()))[1]
    for request in asked(api, ANYTHING):
        answer = request.send(api.client, key)
        assert (answer.status_code, (answer.json or {})["code"]) == (403, "forbidden"), request


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_opens_its_own_routes_and_no_others(api: Api, scope: Scope) -> None:
    tenant = api.services.accounts.tenant(None).id
    key = api.services.accounts.create_key(tenant, Wanted(scopes=frozenset({scope})))[1]
    for request in asked(api, ANYTHING):
        opened = request.send(api.client, key).status_code != 403
        assert opened == (_scope_of(request) is scope), request


def test_a_public_key_opens_searches_only(api: Api) -> None:
    tenant = api.services.accounts.tenant(None).id
    key = api.services.accounts.create_key(tenant, Wanted(browser=SHOP))[1]
    for request in asked(api, ANYTHING):
        from_the_page = request.send(api.client, key, Origin="https://shop.example")
        assert (from_the_page.status_code != 403) == (_scope_of(request) is Scope.SEARCH), request
        elsewhere = request.send(api.client, key, Origin="https://evil.example")
        assert (elsewhere.json or {})["code"] == "wrong_origin", request


def test_another_tenant_sees_nothing_and_changes_nothing(api: Api, anna: Anna) -> None:
    oleh = other_tenant(api)
    _let_her_send_what_is_answered_again(api, anna)
    before = _all_that_she_sees(api, anna)
    for request in asked(api, anna.things):
        answer = request.send(api.client, oleh)
        assert answer.status_code < 500, request
        told = answer.text + str(answer.headers)
        assert MARK not in told, request
        unsent = {id for id in anna.ids if id not in f"{request.path} {request.body}"}
        assert not [id for id in unsent if id in told], request
    assert _all_that_she_sees(api, anna) == before


def test_what_is_another_tenant_s_is_answered_like_what_is_not_there(api: Api, anna: Anna) -> None:
    oleh = other_tenant(api)
    for request in asked(api, anna.things):
        if not request.named:
            continue
        elsewhere = _elsewhere(request)
        hers, nobody_s = (each.send(api.client, oleh) for each in (request, elsewhere))
        assert hers.status_code == nobody_s.status_code, request
        assert _without_names(hers.text, request) == _without_names(nobody_s.text, elsewhere)


def _scope_of(request: Request) -> Scope:
    if request.path.startswith("/v1/account/"):
        return Scope.ADMIN
    return Scope.SEARCH if request.path.endswith("/search") else Scope.CATALOG


def _let_her_send_what_is_answered_again(api: Api, anna: Anna) -> None:
    """Her own requests under an idempotency key, which another tenant then sends, too."""
    repeatable = [request for request in asked(api, anna.things) if request.headers]
    assert repeatable
    for request in repeatable:
        answer = request.send(api.client, anna.key).json or {}
        anna.ids.update(str(answer[name]) for name in ("id", "job_id") if answer.get(name))


def _all_that_she_sees(api: Api, anna: Anna) -> dict[str, Any]:
    """Every answer of hers to a question; each kind of thing is found by some of them."""
    seen = {}
    for operation in operations(api.client):
        if operation.method == "GET":
            answers = {
                f"{request.path}?{request.query}": request.send(api.client, anna.key)
                for request in operation.requests(anna.things)
            }
            assert 200 in {answer.status_code for answer in answers.values()}, operation.path
            seen |= {asked: answer.json for asked, answer in answers.items()}
    assert MARK in str(seen)
    return seen


def _elsewhere(request: Request) -> Request:
    """The same request for things that nobody has."""
    path = request.path
    for name in request.named:
        path = path.replace(quote(name, safe=""), _nobody_s(name))
    return replace(request, path=path, named=tuple(map(_nobody_s, request.named)))


def _nobody_s(name: str) -> str:
    """A name of the same form."""
    return re.sub(r"\w", "0", name) if "-" not in name else UNKNOWN


def _without_names(text: str, request: Request) -> str:
    for name in request.named:
        text = text.replace(name, "…")
    return text
