"""Politeness towards the hosts of pictures: few requests at once to one host, and a host that asks
for a pause gets it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lookalike.pixels.clock import Clock

MOST_PAUSED_HOSTS = 10_000
LONGEST_PAUSE_S = 3600.0


class Paused(Exception):
    """The host asked for a pause that is not over."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Politeness:
    """Turns at hosts, for the threads of one process; `at_once` of them at each host."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._changed = threading.Condition()
        self._busy: Counter[str] = Counter()
        self._paused_until: dict[str, float] = {}

    @contextmanager
    def turn(self, host: str, clock: Clock) -> Iterator[None]:
        """Holds one of the host's turns; the clock stands still until there is one.

        Raises `Paused`, also when the host asks for it meanwhile, and `TimeoutError`.
        """
        with clock.stopped():
            self._take(host, clock.patience_s())
        try:
            yield
        finally:
            self._give_back(host)

    def pause(self, host: str, seconds: float) -> None:
        """Leaves a host alone for a while, since it asked for that."""
        until = time.monotonic() + seconds
        with self._changed:
            self._paused_until[host] = max(until, self._paused_until.get(host, until))
            if len(self._paused_until) > MOST_PAUSED_HOSTS:
                del self._paused_until[min(self._paused_until, key=self._paused_until.__getitem__)]
            self._changed.notify_all()

    def _take(self, host: str, patience_s: float | None) -> None:
        def answered() -> bool:
            return self._pause_left_s(host) > 0 or self._busy[host] < self._at_once

        with self._changed:
            if not self._changed.wait_for(answered, patience_s):
                raise TimeoutError
            if (left_s := self._pause_left_s(host)) > 0:
                raise Paused(left_s)
            self._busy[host] += 1

    def _give_back(self, host: str) -> None:
        with self._changed:
            self._busy[host] -= 1
            if not self._busy[host]:
                del self._busy[host]
            self._changed.notify_all()

    def _pause_left_s(self, host: str) -> float:
        return self._paused_until.get(host, 0.0) - time.monotonic()


def asked_pause_s(retry_after: str) -> float | None:
    """How long a `Retry-After` header asks one to wait: it holds seconds, or a date. At most an
    hour, whatever it says; None where it cannot be understood."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after), LONGEST_PAUSE_S)
    try:
        seconds = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_PAUSE_S)
