"""What `lookalike top` looks at: the queue, who works on it, and how far each tenant's products
are."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lookalike.accounts.accounts import Accounts
from lookalike.bootstrap import (
    OTHER_QUEUE,
    QUEUE,
    connect_redis,
    make_accounts,
    make_editions,
    make_index,
    make_queue,
)
from lookalike.errors import LookalikeError, NotFound
from lookalike.index.protocol import Counts, ProductIndex
from lookalike.jobs.protocol import Depth
from lookalike.jobs.rq_crew import Crew, RqCrew
from lookalike.settings import Settings

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TenantSeen:
    """One tenant's products."""

    id: str
    name: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at `at` (seconds of the monotonic clock). In the place of what could not be had
    stands a sentence that says why."""

    at: float
    depth: Depth | str
    crew: Crew | str
    tenants: tuple[TenantSeen, ...] | str


class Glance:
    """Looks at a system from outside: it starts nothing, and changes nothing."""

    def __init__(self, settings: Settings) -> None:
        connection = connect_redis(settings)
        self._settings = settings
        self._queue = make_queue(settings, connection)
        self._crew = RqCrew(connection, [QUEUE, OTHER_QUEUE])
        self._opened: tuple[Accounts, ProductIndex] | None = None

    def look(self) -> Look:
        """What there is now. Raises nothing of ours: what is away is said in its place."""
        return Look(
            at=time.monotonic(),
            depth=_or_why(self._queue.depth),
            crew=_or_why(self._crew.look),
            tenants=_or_why(self._tenants),
        )

    def _tenants(self) -> tuple[TenantSeen, ...]:
        accounts, index = self._catalogue()
        return tuple(
            TenantSeen(each.id, each.name, index.counts(each.id)) for each in accounts.tenants()
        )

    def _catalogue(self) -> tuple[Accounts, ProductIndex]:
        if self._opened is None:
            editions = make_editions(self._settings)
            try:
                if editions.read() is None:
                    raise NotFound(
                        "There is no catalogue yet; `lookalike up` or `serve` begins it."
                    )
            finally:
                editions.close()
            self._opened = make_accounts(self._settings), make_index(self._settings)
        return self._opened


def _or_why(look: Callable[[], _T]) -> _T | str:
    try:
        return look()
    except LookalikeError as error:
        return error.detail


def embedded_a_second(before: Look | None, now: Look) -> float | None:
    """How many more products are embedded than at the look before; None where that is not known."""
    if before is None or isinstance(before.tenants, str) or isinstance(now.tenants, str):
        return None
    more = sum(each.counts.completed for each in now.tenants) - sum(
        each.counts.completed for each in before.tenants
    )
    return max(0.0, more / (now.at - before.at))
