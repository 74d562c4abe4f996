"""The `EventLog` on Elasticsearch and on OpenSearch: an index a day, so that forgetting old days is
removing whole indices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, date, datetime

from lookalike.errors import IndexAway
from lookalike.index.engine.protocol import Engine, Json
from lookalike.index.engine.retrying import reason
from lookalike.index.engine.setup import Naming
from lookalike.search.events import SearchEvent

_DAY = "%Y.%m.%d"


class EngineEventLog:
    """Search events in an engine. Thread-safe."""

    def __init__(self, engine: Engine, naming: Naming) -> None:
        self._engine = engine
        self._prefix = f"{naming.searches}-"

    def append(self, events: Sequence[SearchEvent]) -> None:
        """Keeps events, each in the index of its day. Raises `IndexAway`."""
        lines = []
        for event in events:
            index = f"{self._prefix}{event.at.astimezone(UTC):{_DAY}}"
            lines += [json.dumps({"create": {"_index": index}}), json.dumps(_document(event))]
        answer = self._engine.lines("/_bulk", lines)
        refused = [
            item["create"] for item in answer.body.get("items", []) if "error" in item["create"]
        ]
        if answer.status >= 400 or refused:
            raise IndexAway(
                f"The engine did not take {len(refused) or len(events)} search events "
                f"({reason(refused[0] if refused else answer.body)})."
            )

    def forget_before(self, day: date) -> None:
        """Removes the indices of all days before this one. Raises `IndexAway`."""
        found = self._call("GET", f"/{self._prefix}*/_alias")
        for index in sorted(found):
            if (then := self._day_of(index)) and then < day:
                self._call("DELETE", f"/{index}")

    def forget_tenant(self, tenant: str) -> None:
        """Removes a tenant's events. Raises `IndexAway`."""
        body = {"query": {"term": {"tenant": tenant}}}
        params = {"refresh": "true", "conflicts": "proceed"}
        self._call("POST", f"/{self._prefix}*/_refresh")
        self._call("POST", f"/{self._prefix}*/_delete_by_query", body, params)

    def _day_of(self, index: str) -> date | None:
        """The day of an index of ours; None for another's whose name begins alike."""
        with suppress(ValueError):
            return datetime.strptime(index.removeprefix(self._prefix), _DAY).date()  # noqa: DTZ007
        return None

    def _call(
        self, method: str, path: str, body: Json | None = None, params: dict[str, str] | None = None
    ) -> Json:
        answer = self._engine.call(method, path, body, params)
        if answer.status >= 400 and answer.status != 404:
            raise IndexAway(f"The engine refuses the search events ({reason(answer.body)}).")
        return answer.body if answer.status < 400 else {}


def _document(event: SearchEvent) -> Json:
    """An event as it is stored: times by step become fields, each of its own."""
    document = asdict(event)
    steps: dict[str, float] = document.pop("steps_ms")
    document["@timestamp"] = document.pop("at").astimezone(UTC).isoformat(timespec="milliseconds")
    return document | {f"{step}_ms": round(ms, 3) for step, ms in steps.items()}
