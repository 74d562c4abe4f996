"""The published examples, and what it means to answer as published: every member is there, with its
value and its JSON type.

Ids, times, scores and `embedding_status` alone may have other values, of the same JSON type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FREE = {
    "id",
    "job_id",
    "tenant_id",
    "started_at",
    "similarity_score",
    "processing_time_ms",
    "embedding_status",
}


def exchanges(api: str) -> dict[str, tuple[dict[str, Any], int, Any]]:
    """Request, status and response of every published example of an API, by name."""
    file = Path(__file__).parent / "golden" / f"{api}.json"
    return {
        each["name"]: (each["request"], each["status"], each["response"])
        for each in json.loads(file.read_text())
    }


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
