"""The time that one fetch may take, known to all that waits on its behalf, however deep below."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Clock:
    """Counts one fetch's time: `timeout_s` for the hosts to answer in, `deadline_s` (None: no end)
    for everything, our own waiting included."""

    def __init__(self, timeout_s: float, deadline_s: float | None) -> None:
        self._began = time.monotonic()
        self._timeout_s = timeout_s
        self._deadline_s = deadline_s
        self._stopped_s = 0.0

    def patience_s(self) -> float | None:
        """Seconds left before the deadline, None for ever. Raises `TimeoutError` at its end."""
        if self._deadline_s is None:
            return None
        return _positive(self._deadline_s - self._passed_s())

    def left_s(self) -> float:
        """Seconds left for the hosts. Raises `TimeoutError` when there are none."""
        left_s = _positive(self._timeout_s + self._stopped_s - self._passed_s())
        patience_s = self.patience_s()
        return left_s if patience_s is None else min(left_s, patience_s)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """What passes inside is our own doing and not counted against the hosts."""
        began_s = self._passed_s()
        try:
            yield
        finally:
            self._stopped_s += self._passed_s() - began_s

    def _passed_s(self) -> float:
        return time.monotonic() - self._began


_clock: ContextVar[Clock] = ContextVar("clock")


@contextmanager
def timed(clock: Clock) -> Iterator[None]:
    """All that this thread does inside is on this clock."""
    token = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(token)


def left_s() -> float:
    """Seconds left to what this thread does. Raises `TimeoutError` when there are none."""
    return _clock.get().left_s()


def _positive(seconds: float) -> float:
    if seconds <= 0:
        raise TimeoutError
    return seconds
