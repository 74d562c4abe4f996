"""A tenant's keys and usage over HTTP."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lookalike.accounts.keys import Wanted
from lookalike.accounts.model import Scope
from lookalike.accounts.searches import month_of
from tests.api.harness import Api

KEYS = "/v1/account/keys"
ORIGIN = "https://shop.example"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)


def make(api: Api, **wanted: Any) -> dict[str, Any]:
    answer = api.call("POST", KEYS, wanted)
    assert answer.status_code == 201, answer.text
    return dict(answer.json or {})


def as_key(api: Api, text: str, method: str, path: str, body: Any = None) -> TestResponse:
    return api.call(method, path, body, headers={"X-API-Key": text})


def errors(answer: TestResponse) -> list[str]:
    assert answer.status_code == 422, answer.text
    return list((answer.json or {})["errors"])


def test_a_key_is_made_shown_once_and_listed_without_its_secret(api: Api) -> None:
    made = make(api, label="Каса", scopes=["catalog"], expires_at=TOMORROW.isoformat())
    text = made.pop("key")
    assert text.startswith(f"sk_{made['id']}_")
    assert (made["kind"], made["label"], made["scopes"]) == ("secret", "Каса", ["catalog"])
    assert (made["origins"], made["burst"], made["revoked_at"]) == (None, None, None)
    assert made["expires_at"] == TOMORROW.strftime("%Y-%m-%dT%H:%M:%SZ")
    listed = api.call("GET", KEYS)
    assert (listed.json or {})["keys"][-1] == made
    assert text.split("_")[2] not in listed.text
    assert api.call("GET", f"{KEYS}/{made['id']}").json == made
    assert as_key(api, text, "GET", "/v1/catalog/products").status_code == 200
    assert as_key(api, text, "GET", KEYS).status_code == 403


def test_a_public_key_only_searches(api: Api) -> None:
    made = make(api, kind="public", origins=["https://Shop.example/"])
    assert made["key"].startswith("pk_")
    assert (made["scopes"], made["origins"], made["burst"]) == (["search"], [ORIGIN], 30)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"kind": "public"}, "origins"),
        ({"kind": "public", "origins": []}, "origins"),
        ({"kind": "public", "origins": ["*"]}, "origins"),
        ({"kind": "public", "origins": ["https://shop.example/page"]}, "origins"),
        ({"kind": "public", "origins": [ORIGIN] * 51}, "origins"),
        ({"kind": "public", "origins": [ORIGIN], "burst": 0}, "burst"),
        ({"kind": "public", "origins": [ORIGIN], "burst": 1001}, "burst"),
        ({"kind": "public", "origins": [ORIGIN], "burst": "30"}, "burst"),
        ({"kind": "public", "origins": [ORIGIN], "scopes": ["catalog"]}, "scopes"),
        ({"kind": "open"}, "kind"),
        ({"origins": [ORIGIN]}, "origins"),
        ({"burst": 3}, "burst"),
        ({"scopes": ["root"]}, "scopes"),
        ({"scopes": "catalog"}, "scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
        ({"label": 7}, "label"),
        ({"label": "two\nlines"}, "label"),
        ({"label": "x" * 257}, "label"),
        ({"expires": "2099-01-01T00:00:00Z"}, "expires"),
    ],
)
def test_a_key_that_cannot_be_is_refused_by_field(
    api: Api, wanted: dict[str, Any], field: str
) -> None:
    assert errors(api.call("POST", KEYS, wanted)) == [field]
    assert len((api.call("GET", KEYS).json or {})["keys"]) == 1


def test_a_key_is_changed_by_what_is_named(api: Api) -> None:
    made = make(api, kind="public", origins=[ORIGIN], label="shop")
    path = f"{KEYS}/{made['id']}"
    changed = api.call("PATCH", path, {"origins": [ORIGIN, "http://localhost:3000"], "burst": 5})
    assert (changed.json or {})["origins"] == ["http://localhost:3000", ORIGIN]
    assert ((changed.json or {})["burst"], (changed.json or {})["label"]) == (5, "shop")
    api.call("PATCH", path, {"expires_at": TOMORROW.isoformat()})
    kept = api.call("PATCH", path, {"label": "till"}).json or {}
    assert (kept["label"], kept["expires_at"] is None) == ("till", False)
    assert (api.call("PATCH", path, {"expires_at": None}).json or {})["expires_at"] is None
    assert api.call("PATCH", path, {}).status_code == 422
    assert errors(api.call("PATCH", path, {"origins": []})) == ["origins"]
    assert errors(api.call("PATCH", path, {"scopes": ["admin"]})) == ["scopes"]
    secret = make(api)
    assert errors(api.call("PATCH", f"{KEYS}/{secret['id']}", {"burst": 5})) == ["burst"]


def test_a_rotated_key_goes_on_for_the_overlap(api: Api) -> None:
    old = make(api, label="cron", scopes=["catalog"])
    before = datetime.now(UTC)
    new = api.call("POST", f"{KEYS}/{old['id']}/rotate").json or {}
    assert (new["label"], new["scopes"], new["expires_at"]) == ("cron", ["catalog"], None)
    for text in (old["key"], new["key"]):
        assert as_key(api, text, "GET", "/v1/catalog/products").status_code == 200
    ends = datetime.fromisoformat((api.call("GET", f"{KEYS}/{old['id']}").json or {})["expires_at"])
    assert timedelta(hours=23, minutes=59) < ends - before < timedelta(hours=24, minutes=5)


def test_without_an_overlap_the_old_key_ends_at_once(api: Api) -> None:
    old = make(api)
    rotated = api.call("POST", f"{KEYS}/{old['id']}/rotate", {"overlap_hours": 0})
    assert rotated.status_code == 201
    assert (api.call("GET", f"{KEYS}/{old['id']}").json or {})["status"] == "expired"
    answer = as_key(api, old["key"], "GET", "/v1/catalog/products")
    assert answer.status_code == 401
    assert "expired" in (answer.json or {})["detail"]
    assert api.call("POST", f"{KEYS}/{old['id']}/rotate").status_code == 422


@pytest.mark.parametrize("overlap", [-1, 2161, "24", None, True, 10**12])
def test_an_overlap_that_cannot_be_is_refused(api: Api, overlap: Any) -> None:
    old = make(api)
    answer = api.call("POST", f"{KEYS}/{old['id']}/rotate", {"overlap_hours": overlap})
    assert errors(answer) == ["overlap_hours"]


def test_a_body_of_unannounced_length_is_read(api: Api) -> None:
    old = make(api)
    answer = api.call(
        "POST",
        f"{KEYS}/{old['id']}/rotate",
        input_stream=io.BytesIO(b'{"overlap_hours": -1}'),
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert errors(answer) == ["overlap_hours"]


def test_a_revoked_key_stays_in_the_list_and_opens_nothing(api: Api) -> None:
    made = make(api)
    for _ in range(2):
        assert api.call("DELETE", f"{KEYS}/{made['id']}").status_code == 204
    shown = (api.call("GET", KEYS).json or {})["keys"][-1]
    assert (shown["id"], shown["status"]) == (made["id"], "revoked")
    answer = as_key(api, made["key"], "GET", "/v1/catalog/products")
    assert (answer.status_code, (answer.json or {})["code"]) == (401, "unauthorized")
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert api.call("POST", f"{KEYS}/{made['id']}/rotate").status_code == 422


@pytest.mark.parametrize("scopes", [["catalog", "search"], ["search"], []])
def test_only_an_admin_key_manages(api: Api, scopes: list[str]) -> None:
    made = make(api, scopes=scopes)
    for method, path in (("GET", KEYS), ("POST", KEYS), ("GET", "/v1/account/usage")):
        answer = as_key(api, made["key"], method, path, {} if method == "POST" else None)
        assert (answer.status_code, (answer.json or {})["code"]) == (403, "forbidden")


def test_usage_counts_products_and_searches_against_the_tier(api: Api) -> None:
    tenant = api.services.accounts.tenant(None).id
    api.services.accounts.change_tier(tenant, "free")
    key = api.services.accounts.create_key(tenant, Wanted(scopes=frozenset(Scope)))[1]
    api.upload()
    assert as_key(api, key, "POST", "/v1/catalog/search", {"query": "mug"}).status_code == 200
    usage = as_key(api, key, "GET", "/v1/account/usage").json or {}
    month = month_of(datetime.now(UTC))
    assert (usage["tenant_id"], usage["tier"], usage["batch_size"]) == (tenant, "free", 10)
    assert usage["products"] == {"used": 1, "limit": 1000, "remaining": 999}
    searches = usage["searches"]
    assert (searches["used"], searches["limit"], searches["remaining"]) == (1, 500, 499)
    assert searches["month"] == month
    assert searches["resets_at"].endswith("-01T00:00:00Z")


def test_usage_has_no_limits_on_the_unlimited_tier_and_knows_earlier_months(api: Api) -> None:
    tenant = api.services.accounts.tenant(None).id
    usage = api.call("GET", "/v1/account/usage").json or {}
    assert usage["products"] == {"used": 0, "limit": None, "remaining": None}
    earlier = api.call("GET", "/v1/account/usage?month=2026-03").json or {}
    assert (earlier["searches"]["used"], earlier["searches"]["month"]) == (0, "2026-03")
    assert earlier["searches"]["resets_at"] == "2026-04-01T00:00:00Z"
    api.redis.set(f"lookalike:used:searches:{tenant}:2026-03", 7)
    assert (api.call("GET", "/v1/account/usage?month=2026-03").json or {})["searches"]["used"] == 7
    for wrong in ("March", "9999-12", "0000-01", "2026-03%0A"):
        assert errors(api.call("GET", f"/v1/account/usage?month={wrong}")) == ["month"]
