"""What is remembered of a search, for those who look after the shop: what was asked for, what was
found, how long it took. Never a picture, a whole URL or a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from urllib.parse import urlsplit

from lookalike.index.protocol import SearchFilters
from lookalike.search.query import ImageUrl, SearchQuery

LONGEST_WORDS = 256
"""Letters of a query that are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchEvent:
    """One answered search. `best_score` in [0, 1], None where nothing was found; `filters` names
    the filters that were given, without their values; `image_host` is where a picture came from;
    `steps_ms`: milliseconds by step."""

    at: datetime
    tenant: str
    model: str
    kind: str
    words: str | None
    image_host: str | None
    filters: tuple[str, ...]
    threshold: float | None
    max_results: int
    results: int
    total: int
    best_score: float | None
    ms: float
    steps_ms: dict[str, float]


class EventLog(Protocol):
    """Where events are kept, by the day (UTC) on which they happened. Every method raises
    `IndexAway`."""

    def append(self, events: Sequence[SearchEvent]) -> None:
        """Keeps events."""

    def forget_before(self, day: date) -> None:
        """Removes all days before this one."""

    def forget_tenant(self, tenant: str) -> None:
        """Removes all that a tenant's shoppers asked."""


class NoEventLog:
    """Keeps nothing."""

    def append(self, events: Sequence[SearchEvent]) -> None:
        """Forgets them."""

    def forget_before(self, day: date) -> None:
        """There is nothing."""

    def forget_tenant(self, tenant: str) -> None:
        """There is nothing."""


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


def host_asked(query: SearchQuery) -> str | None:
    """Where the picture of a query came from; None where it was sent along."""
    if not isinstance(query.subject, ImageUrl):
        return None
    try:
        return urlsplit(query.subject.url).hostname
    except ValueError:
        return None


def filters_asked(filters: SearchFilters) -> tuple[str, ...]:
    """Which filters were given."""
    given = {
        "category": filters.category,
        "min_price": filters.min_price is not None,
        "max_price": filters.max_price is not None,
        "metadata": filters.metadata,
    }
    return tuple(name for name, is_given in given.items() if is_given)
