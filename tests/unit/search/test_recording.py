"""Events are kept by a thread of their own, whatever the log does."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from lookalike.errors import IndexAway
from lookalike.index.protocol import SearchFilters
from lookalike.search import recording
from lookalike.search.events import SearchEvent, filters_asked, host_asked
from lookalike.search.query import ImageUrl, SearchQuery
from lookalike.search.recording import MOST_WAITING, Recorder
from lookalike.search.retention import Retention


def event(number: int = 0) -> SearchEvent:
    return SearchEvent(
        at=datetime.now(UTC),
        tenant="one",
        model="mini",
        kind="text",
        words=str(number),
        image_host=None,
        filters=(),
        threshold=None,
        max_results=20,
        results=0,
        total=0,
        best_score=None,
        ms=1.0,
        steps_ms={},
    )


class Log:
    """Keeps events in a list; `away` is raised first as often as it says; `gate` holds it up."""

    def __init__(self, away: int = 0) -> None:
        self.kept: list[SearchEvent] = []
        self.sizes: list[int] = []
        self.days: list[date] = []
        self.away = away
        self.gate = threading.Event()
        self.gate.set()

    def append(self, events: Sequence[SearchEvent]) -> None:
        self.gate.wait(30)
        if self.away:
            self.away -= 1
            raise IndexAway("The engine is away.")
        self.sizes.append(len(events))
        self.kept += events

    def forget_before(self, day: date) -> None:
        self.days.append(day)

    def forget_tenant(self, tenant: str) -> None:
        raise NotImplementedError


def dropped() -> float:
    return REGISTRY.get_sample_value("lookalike_search_events_dropped_total") or 0.0


def test_all_is_kept_in_order_and_in_bulk_when_it_ends() -> None:
    log = Log()
    recorder = Recorder(log, every_s=60)
    for number in range(1200):
        recorder.record(event(number))
    recorder.close()
    assert [each.words for each in log.kept] == [str(number) for number in range(1200)]
    assert max(log.sizes) == recording.AT_ONCE


def test_a_log_that_is_away_loses_what_it_was_given_and_nothing_else() -> None:
    log, before = Log(away=1), dropped()
    recorder = Recorder(log, every_s=60)
    for number in range(recording.AT_ONCE + 1):
        recorder.record(event(number))
    recorder.close()
    assert [each.words for each in log.kept] == [str(recording.AT_ONCE)]
    assert dropped() - before == recording.AT_ONCE


def test_a_log_that_hangs_holds_nobody_up_and_fills_no_memory() -> None:
    log, before = Log(), dropped()
    log.gate.clear()
    recorder = Recorder(log, every_s=0.001)
    for number in range(MOST_WAITING + 2 * recording.AT_ONCE):
        recorder.record(event(number))
    assert dropped() > before
    log.gate.set()
    recorder.close()
    assert MOST_WAITING <= len(log.kept) <= MOST_WAITING + recording.AT_ONCE


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://shop.example/a.jpg?signature=secret", "shop.example"),
        ("http://user:secret@Shop.Example:8080/a", "shop.example"),
        ("http://[bad/a", None),
    ],
)
def test_of_a_url_only_the_host_is_remembered(url: str, host: str | None) -> None:
    assert host_asked(SearchQuery(subject=ImageUrl(url))) == host


def test_filters_are_remembered_by_name() -> None:
    asked = SearchFilters(category=("shoes",), max_price=0)
    assert filters_asked(asked) == ("category", "max_price")
    assert filters_asked(SearchFilters()) == ()


def test_old_days_are_forgotten_once_a_day() -> None:
    log = Log()
    kept = Retention(log, 30)
    kept.keep()
    kept.keep()
    assert log.days == [datetime.now(UTC).date() - timedelta(days=30)]
