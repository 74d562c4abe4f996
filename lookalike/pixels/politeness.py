"""Politeness towards the hosts of pictures: few requests at once to one host, and a host that asks
for a pause gets it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

MOST_PAUSED_HOSTS = 10_000
LONGEST_PAUSE_S = 3600.0


class Paused(Exception):
    """The host asked for a pause that is not over."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Politeness:
    """Turns at a host, for the threads of one process."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._busy: Counter[str] = Counter()
        self._free = threading.Condition()
        self._paused_until: dict[str, float] = {}

    @contextmanager
    def turn(self, host: str, wait_s: float) -> Iterator[None]:
        """Holds one of the host's turns. Raises `Paused`, and `TimeoutError` if none gets free."""
        self._respect_pause(host)
        with self._free:
            if not self._free.wait_for(lambda: self._busy[host] < self._at_once, wait_s):
                raise TimeoutError
            self._busy[host] += 1
        try:
            yield
        finally:
            with self._free:
                self._busy[host] -= 1
                if not self._busy[host]:
                    del self._busy[host]
                self._free.notify_all()

    def pause(self, host: str, seconds: float) -> None:
        """Leaves a host alone for a while, since it asked for that."""
        if len(self._paused_until) >= MOST_PAUSED_HOSTS:
            self._paused_until.clear()
        self._paused_until[host] = time.monotonic() + min(seconds, LONGEST_PAUSE_S)

    def _respect_pause(self, host: str) -> None:
        left = self._paused_until.get(host, 0.0) - time.monotonic()
        if left > 0:
            raise Paused(left)
        self._paused_until.pop(host, None)
