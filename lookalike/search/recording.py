"""Events are kept by a thread of their own, a handful at once, so that no search waits for it. If
the engine is away or too slow they are dropped: a search is never slower for them."""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Iterator

import structlog

from lookalike.errors import LookalikeError
from lookalike.search.events import EventLog, SearchEvent
from lookalike.telemetry import metrics

log = structlog.get_logger(__name__)

MOST_WAITING = 5_000
AT_ONCE = 500
EVERY_S = 1.0
LAST_WORDS_S = 5.0
"""How long a process that ends waits for its last events to be kept."""


class Recorder:
    """Takes events from any thread. Its own thread begins with the first one, so after any fork."""

    def __init__(self, events: EventLog, every_s: float = EVERY_S) -> None:
        self._log, self._every_s = events, every_s
        self._waiting: queue.SimpleQueue[SearchEvent] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._beginning = threading.Lock()
        self._thread: threading.Thread | None = None

    def record(self, event: SearchEvent) -> None:
        """Takes an event, unless too many wait already."""
        if self._waiting.qsize() >= MOST_WAITING:
            metrics.SEARCH_EVENTS_DROPPED.inc()
            return
        self._waiting.put(event)
        if self._thread is None:
            self._begin()

    def close(self) -> None:
        """Keeps what waits, within seconds."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(LAST_WORDS_S)

    def _begin(self) -> None:
        with self._beginning:
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep, name="events", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def _keep(self) -> None:
        while not self._ending.wait(self._every_s):
            self._keep_waiting()
        self._keep_waiting()

    def _keep_waiting(self) -> None:
        while events := list(self._some()):
            try:
                self._log.append(events)
            except LookalikeError as error:
                metrics.SEARCH_EVENTS_DROPPED.inc(len(events))
                log.warning("search_events_dropped", events=len(events), reason=error.detail)
            except Exception:
                metrics.SEARCH_EVENTS_DROPPED.inc(len(events))
                log.exception("search_events_dropped", events=len(events))

    def _some(self) -> Iterator[SearchEvent]:
        for _ in range(AT_ONCE):
            try:
                yield self._waiting.get_nowait()
            except queue.Empty:
                return
