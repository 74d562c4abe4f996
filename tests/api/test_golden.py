"""The published examples: every member is there, with its value and its JSON type.

Ids, times, scores and `embedding_status` alone may have other values, of the same JSON type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Api, jpeg

EXCHANGES = {
    each["name"]: each
    for each in json.loads((Path(__file__).parent / "golden" / "visual.json").read_text())
}
FREE = {"id", "similarity_score", "processing_time_ms", "embedding_status"}


def differences(published: Any, ours: Any, at: str = "$") -> list[str]:
    """Where our answer leaves the published one."""
    if type(published) is not type(ours):
        return [f"{at}: {type(published).__name__} published, {type(ours).__name__} ours"]
    if isinstance(published, dict):
        missing = [f"{at}.{name}: missing" for name in published if name not in ours]
        shared = [name for name in published if name in ours and name not in FREE]
        kinds = [
            f"{at}.{name}: another JSON type"
            for name in published
            if name in ours and name in FREE and type(ours[name]) is not type(published[name])
        ]
        deeper = [differences(published[name], ours[name], f"{at}.{name}") for name in shared]
        return missing + kinds + sum(deeper, [])
    if isinstance(published, list):
        if len(ours) < len(published):
            return [f"{at}: fewer entries"]
        pairs = zip(published, ours, strict=False)
        return sum((differences(a, b, f"{at}[{i}]") for i, (a, b) in enumerate(pairs)), [])
    return [] if published == ours else [f"{at}: {published!r} published, {ours!r} ours"]


def exchange(api: Api, name: str) -> Any:
    """Sends the published request and gives the answer, whose status must be the published one."""
    request = EXCHANGES[name]["request"]
    answer = api.call(request["method"], request["path"], request.get("body"))
    assert answer.status_code == EXCHANGES[name]["status"], answer.text
    return answer.json


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
    assert differences(published, ours)


def test_the_published_upload_is_answered_as_published(api: Api) -> None:
    published = EXCHANGES["upload a single product"]["response"]
    assert differences(published, exchange(api, "upload a single product")) == []


def test_the_published_search_is_answered_as_published(api: Api) -> None:
    api.internet.pictures["https://example.com/jacket.jpg"] = jpeg("black")
    api.internet.pictures["https://example.com/query.jpg"] = jpeg("black")
    exchange(api, "upload a single product")
    for number in range(14):  # published: 15 found, the jacket first
        api.upload(
            title=f"Another {number}",
            image_url=f"https://example.com/{number}.jpg",
            external_id=f"SKU-{number}",
        )
        api.internet.pictures[f"https://example.com/{number}.jpg"] = jpeg(
            "black", shape=f"rgb({200 + number}, 230, 255)"
        )
    api.work()
    published = EXCHANGES["search by image"]["response"]
    assert differences(published, exchange(api, "search by image")) == []


def test_the_published_batch_form_is_understood(api: Api) -> None:
    answer = api.post("/products", {"products": [{"title": "A", "image_url": "https://e.com/a"}]})
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["created"] == 1
