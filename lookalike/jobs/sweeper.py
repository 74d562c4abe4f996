"""The sweeper: what was left lying is taken up again. It runs in every worker process, one at a
time by turns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from lookalike.errors import LookalikeError
from lookalike.index.protocol import ProductIndex
from lookalike.jobs.protocol import Claim, OwedQueue, Ticker
from lookalike.jobs.record import Followers, fate

log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 5.0
RESTORE_EVERY_S = 60.0
TURN_S = 2 * SWEEP_EVERY_S
"""Longer than the pause between two sweeps, so that one process sweeps until it ends."""

PAGE = 1000


class Hold(StrEnum):
    """Whose a turn is: ours since now, ours still, or another process's."""

    NEW = "new"
    KEPT = "kept"
    OTHERS = "others"


class Turn(Protocol):
    """A turn that one process has at a time."""

    def take(self, seconds: float) -> Hold:
        """Takes the turn for so many seconds from now, unless another has it. Whoever has it may
        take it again. Raises `QueueAway`."""


@dataclass(slots=True, kw_only=True)
class Sweeper:
    """Every 5 seconds: leases that ran out, products that are due, reindexing that is to go on.
    Every minute: what the index says is owed, what jobs wait for in vain, and the accounts' books
    (`keep_books`). `fail` fails those that ended their worker three times, and settles them;
    `resume` goes on with reindexing by a page and tells whether there is more. `recheck_after`: how
    old a look at a picture may grow before the next one, of which at most a page are queued a
    minute; None: there is none."""

    queue: OwedQueue
    ticker: Ticker
    index: ProductIndex
    jobs: Followers
    fail: Callable[[Claim], None]
    resume: Callable[[], bool]
    keep_books: Callable[[], None]
    turn: Turn
    recheck_after: timedelta | None = None
    _restored: float = float("-inf")

    def step(self) -> bool:
        """One pass, if it is ours to sweep; a fault is logged, and the next pass comes all the
        same. True: there is more to do at once."""
        try:
            if (hold := self.turn.take(TURN_S)) is Hold.OTHERS:
                return False
            # A turn that is not kept was lost with all that Redis held, or is the first.
            late = time.monotonic() - self._restored >= RESTORE_EVERY_S
            restoring = late or hold is Hold.NEW
            more = self.sweep(restoring=restoring)
            self._restored = time.monotonic() if restoring else self._restored
        except LookalikeError as error:
            log.warning("not_swept", reason=error.detail)
            return False
        except Exception:
            log.exception("not_swept")
            return False
        return more

    def sweep(self, *, restoring: bool) -> bool:
        """One pass; `restoring` asks the index, too. True: there is more to do at once. Raises what
        the queue and the index raise."""
        exhausted = self.queue.expire()
        if exhausted.items:
            log.warning("products_ended_their_workers", products=len(exhausted.items))
            self.fail(exhausted)
        if restoring:
            self._restore()
            self._settle_jobs()
        more = self.resume()
        if due := self.queue.depth().due:
            self.ticker.top_up(due)
        if restoring:
            self.keep_books()
        return more

    def _restore(self) -> None:
        after: tuple[str, str] | None = None
        while page := self.index.owed(after, PAGE):
            self.queue.restore(page)
            self.turn.take(TURN_S)  # many pages last longer than one turn
            after = page[-1]
        if self.recheck_after is not None:
            long_ago = datetime.now(UTC) - self.recheck_after
            self.queue.restore(self.index.unchecked(long_ago, PAGE))

    def _settle_jobs(self) -> None:
        """A worker that ended between its write and its word to the jobs left them waiting."""
        for tenant, waiting in self.jobs.waiting().items():
            ids = sorted(waiting)
            for start in range(0, len(ids), PAGE):
                page = ids[start : start + PAGE]
                stored = self.index.get(tenant, page)
                fates = {id: fate(stored[id].product if id in stored else None) for id in page}
                self.jobs.settle(tenant, {id: found for id, found in fates.items() if found})
                self.turn.take(TURN_S)


def sweep_until(stop: threading.Event, sweepers: Callable[[], Iterable[Sweeper]]) -> None:
    """Sweeps until `stop` is set, each time with the sweepers that there are then."""
    while True:
        more = [each.step() for each in sweepers()]
        if stop.wait(0 if any(more) else SWEEP_EVERY_S):
            return
