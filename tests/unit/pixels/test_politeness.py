"""Turns at hosts, pauses that hosts ask for, and the clock that stands still meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lookalike.pixels.clock import Clock
from lookalike.pixels.politeness import LONGEST_PAUSE_S, Paused, Politeness, asked_pause_s


def unhurried() -> Clock:
    return Clock(timeout_s=60, deadline_s=None)


def test_a_host_has_so_many_turns_and_another_host_its_own() -> None:
    politeness = Politeness(at_once=2)
    with politeness.turn("a", unhurried()), politeness.turn("a", unhurried()):
        with pytest.raises(TimeoutError), politeness.turn("a", Clock(60, deadline_s=0.01)):
            pass
        with politeness.turn("b", unhurried()):
            pass
    with politeness.turn("a", unhurried()):
        pass


def test_a_turn_that_failed_is_given_back() -> None:
    politeness = Politeness(at_once=1)
    with pytest.raises(ValueError, match="broken"), politeness.turn("a", unhurried()):
        raise ValueError("broken")
    with politeness.turn("a", Clock(60, deadline_s=1)):
        pass


def test_waiting_for_a_turn_does_not_use_up_the_time_of_the_host() -> None:
    politeness = Politeness(at_once=1)
    clock = Clock(timeout_s=0.2, deadline_s=None)

    def wait_for_a_turn() -> None:
        with politeness.turn("a", clock):
            clock.left_s()

    with ThreadPoolExecutor(1) as pool:
        with politeness.turn("a", unhurried()):
            waiting = pool.submit(wait_for_a_turn)
            threading.Event().wait(0.4)
        waiting.result()


def test_time_in_use_runs_out() -> None:
    clock = Clock(timeout_s=0.01, deadline_s=None)
    threading.Event().wait(0.02)

    with pytest.raises(TimeoutError):
        clock.left_s()


def test_a_host_that_asked_for_a_pause_is_left_alone() -> None:
    politeness = Politeness(at_once=1)
    politeness.pause("a", 60)
    politeness.pause("a", 5)

    with pytest.raises(Paused) as error, politeness.turn("a", unhurried()):
        pass
    assert 5 < error.value.seconds <= 60
    with politeness.turn("b", unhurried()):
        pass


def test_a_pause_ends() -> None:
    politeness = Politeness(at_once=1)
    politeness.pause("a", 0.01)
    threading.Event().wait(0.02)

    with politeness.turn("a", unhurried()):
        pass


def test_those_who_wait_for_a_turn_hear_of_the_pause_at_once() -> None:
    politeness = Politeness(at_once=1)

    def wait_for_a_turn() -> None:
        with politeness.turn("a", unhurried()):
            pass

    with ThreadPoolExecutor(1) as pool, politeness.turn("a", unhurried()):
        waiting = pool.submit(wait_for_a_turn)
        politeness.pause("a", 60)
        with pytest.raises(Paused):
            waiting.result(30)


def test_a_retry_after_is_seconds_or_a_date_and_at_most_an_hour() -> None:
    soon = asked_pause_s(format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True))
    late = asked_pause_s(format_datetime(datetime.now(UTC) + timedelta(days=2), usegmt=True))

    assert soon is not None
    assert 60 < soon <= 120
    assert late == LONGEST_PAUSE_S
    assert asked_pause_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert asked_pause_s("30") == 30
    assert asked_pause_s("86400") == LONGEST_PAUSE_S
    assert asked_pause_s("") is None
    assert asked_pause_s("soon") is None


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ Oct \d+ \d+:\d+:\d+ [+-]\d+", fullmatch=True))
@example("9" * 5000)
@example("²")
@example("Wed, 21 Oct 99999999999 07:28:00 GMT")
def test_any_retry_after_is_understood_or_ignored(text: str) -> None:
    seconds = asked_pause_s(text)

    assert seconds is None or 0 <= seconds <= LONGEST_PAUSE_S
