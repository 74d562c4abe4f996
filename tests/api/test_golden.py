"""The published examples: every member is there, with its value and its JSON type.

Ids, times, scores and `embedding_status` alone may have other values, of the same JSON type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.harness import Api, jpeg

EXCHANGES = {
    each["name"]: each
    for each in json.loads((Path(__file__).parent / "golden" / "visual.json").read_text())
}
FREE = {"id", "similarity_score", "processing_time_ms", "embedding_status"}


def differences(published: Any, ours: Any, at: str = "$") -> Iterator[str]:
    """Where our answer leaves the published one."""
    if type(published) is not type(ours):
        yield f"{at}: {type(published).__name__} published, {type(ours).__name__} ours"
    elif isinstance(published, dict):
        yield from (f"{at}.{name}: missing" for name in published.keys() - ours.keys())
        for name in published.keys() & ours.keys():
            free = name in FREE and type(published[name]) is type(ours[name])
            if not free:
                yield from differences(published[name], ours[name], f"{at}.{name}")
    elif isinstance(published, list):
        if len(ours) < len(published):
            yield f"{at}: fewer entries"
        for number, (one, other) in enumerate(zip(published, ours, strict=False)):
            yield from differences(one, other, f"{at}[{number}]")
    elif published != ours:
        yield f"{at}: {published!r} published, {ours!r} ours"


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
    assert list(differences(published, ours))


def test_the_published_upload_is_answered_as_published(api: Api) -> None:
    published = EXCHANGES["upload a single product"]["response"]
    assert list(differences(published, exchange(api, "upload a single product"))) == []


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
    assert list(differences(published, exchange(api, "search by image"))) == []


def test_the_published_batch_form_is_understood(api: Api) -> None:
    answer = api.post("/products", {"products": [{"title": "A", "image_url": "https://e.com/a"}]})
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["created"] == 1
