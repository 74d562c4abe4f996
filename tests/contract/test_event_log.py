"""What is remembered of searches, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from lookalike.errors import IndexAway
from lookalike.index.engine.events import EngineEventLog
from lookalike.index.engine.protocol import Engine
from lookalike.index.engine.setup import Naming, prepare_accounts, prepare_searches
from lookalike.search.events import SearchEvent
from tests.contract.harness import connect

STEPS = ("product", "picture", "decode", "embed", "embed_words", "search", "rank", "read")

EVENT = SearchEvent(
    at=datetime(2026, 3, 1, 23, 59, tzinfo=UTC),
    tenant="one",
    model="mini",
    kind="text",
    words="red mug",
    image_host=None,
    filters=("category",),
    threshold=None,
    max_results=20,
    results=2,
    total=2,
    best_score=0.91,
    ms=12.5,
    steps_ms=dict.fromkeys(STEPS, 1.5),
)


@pytest.fixture(params=["elasticsearch", "opensearch"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(kind: str, server: str, prefix: str) -> Iterator[Engine]:
    made = connect(kind, server)
    prepare_accounts(made, Naming(prefix))
    prepare_searches(made, Naming(prefix))
    yield made
    made.close()


@pytest.fixture
def stored(engine: Engine, prefix: str) -> Callable[[], list[dict[str, Any]]]:
    def read() -> list[dict[str, Any]]:
        engine.call("POST", f"/{prefix}-searches-*/_refresh")
        hits = engine.call("POST", f"/{prefix}-searches-*/_search", {"size": 100}).body["hits"]
        return [hit["_source"] | {"_index": hit["_index"]} for hit in hits["hits"]]

    return read


def test_an_event_is_kept_whole_in_the_index_of_its_day(
    engine: Engine, prefix: str, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    EngineEventLog(engine, Naming(prefix)).append([EVENT])
    [kept] = stored()
    assert kept.pop("_index") == f"{prefix}-searches-2026.03.01"
    own = {each.name for each in fields(SearchEvent)} - {"at", "steps_ms"}
    assert kept.keys() == own | {"@timestamp"} | {f"{step}_ms" for step in EVENT.steps_ms}
    assert (kept["words"], kept["filters"], kept["best_score"]) == ("red mug", ["category"], 0.91)


def test_old_days_are_forgotten_and_no_others_index_is(
    engine: Engine, prefix: str, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    log = EngineEventLog(engine, Naming(prefix))
    days = [EVENT, replace(EVENT, at=datetime(2026, 3, 2, tzinfo=UTC))]
    log.append(days)
    engine.call("PUT", f"/{prefix}-searches-of-another", {})
    log.forget_before(date(2026, 3, 2))
    assert [each["_index"] for each in stored()] == [f"{prefix}-searches-2026.03.02"]
    assert engine.call("GET", f"/{prefix}-searches-of-another").status == 200


def test_a_tenants_events_go_with_it(
    engine: Engine, prefix: str, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    log = EngineEventLog(engine, Naming(prefix))
    log.append([EVENT, replace(EVENT, tenant="other")])
    log.forget_tenant("one")
    assert [each["tenant"] for each in stored()] == ["other"]
    EngineEventLog(engine, Naming(f"{prefix}-nothing")).forget_tenant("one")


def test_words_that_are_no_text_cost_no_other_event(
    engine: Engine, prefix: str, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    """JSON can name half a letter, which UTF-8 cannot write."""
    log = EngineEventLog(engine, Naming(prefix))
    log.append([replace(EVENT, words="red \ud83d mug"), replace(EVENT, words="\0 mug"), EVENT])
    assert len(stored()) == 3


def test_an_event_that_does_not_fit_is_said_and_grows_no_mapping(
    engine: Engine, prefix: str
) -> None:
    log = EngineEventLog(engine, Naming(prefix))
    with pytest.raises(IndexAway, match="did not take 1 search event"):
        log.append([EVENT, replace(EVENT, steps_ms={"surprise": 1.0})])
