"""How long search events are kept."""

from __future__ import annotations

from datetime import date, timedelta

from lookalike.search.events import EventLog, utc_now


class Retention:
    """Forgets the events that are older than so many days."""

    def __init__(self, events: EventLog, days: int) -> None:
        self._events, self._kept = events, timedelta(days=days)
        self._done_on: date | None = None

    def keep(self) -> None:
        """Once a day, however often it is called. Raises `IndexAway`."""
        today = utc_now().date()
        if self._done_on != today:
            self._events.forget_before(today - self._kept)
            self._done_on = today
