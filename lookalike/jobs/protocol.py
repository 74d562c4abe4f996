"""The queue of owed products: a set for each tenant, not a list of messages.

An upload adds ids; a worker claims some of them under a lease, embeds them, and settles them.
A set ignores repeats, so coalescing, fairness and recovery come from one mechanism. All of it can
be rebuilt from the index, so losing it loses nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Claimed:
    """One product under a lease. `tries`: how often its picture could not be reached so far;
    `origin`: the trace of its upload, to go on with (see `lookalike/tracing.py`)."""

    tenant: str
    id: str
    tries: int
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one worker has taken. `token` proves that it holds the leases."""

    token: str
    items: tuple[Claimed, ...]


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits. `due` may be claimed now; `owed` counts those to be tried later too;
    `leased` are with a worker, and in neither; `oldest_due_s` is the age of the longest-due one in
    seconds."""

    due: int
    owed: int
    leased: int
    oldest_due_s: float


class OwedQueue(Protocol):
    """Every method is one atomic step in the server and raises `QueueAway` when it is away."""

    def ping(self) -> None:
        """Returns when the server answers."""

    def add(self, tenant: str, ids: Collection[str], origin: str = "") -> None:
        """These products owe something from now on. One that is leased is due again once the
        lease ends, however it ends; one that waits for a later try is due now. The tries and the
        expired leases of earlier content are forgotten: a new picture deserves a new start.
        `origin` comes back with the claim."""

    def claim(self, limit: int) -> Claim:
        """Takes up to `limit` due products, one a tenant by turns, under a lease.

        A product whose lease expired twice comes alone. An empty claim means nothing is due.
        """

    def renew(self, claim: Claim) -> None:
        """Holds what is left of the claim for another lease's length."""

    def settle(self, claim: Claim, items: Iterable[Claimed]) -> None:
        """These are done with (made, failed, or owing nothing): their lease, tries and history
        are forgotten. One that was added meanwhile stays due."""

    def retry(self, claim: Claim, items: Iterable[tuple[Claimed, float]]) -> None:
        """Their pictures could not be reached: each counts one more try and is due again after so
        many seconds."""

    def release(self, claim: Claim, items: Iterable[Claimed], delay_s: float) -> None:
        """Gives these back without counting anything: it was our fault, not theirs."""

    def expire(self) -> Claim:
        """Makes products whose lease ran out due again. Those whose lease ran out for the third
        time come back as a claim of the caller's, to be failed and settled."""

    def restore(self, owed: Iterable[tuple[str, str]]) -> None:
        """Adds (tenant, id) that the index says are owed, unless they wait or are leased."""

    def leased(self, tenant: str, ids: Collection[str]) -> set[str]:
        """Those of the ids that a worker has now."""

    def forget(self, tenant: str, ids: Collection[str]) -> None:
        """These were deleted: nothing waits for them any more."""

    def depth(self) -> Depth:
        """How much waits."""


class Ticker(Protocol):
    """Wakes workers: keeps enough ticks queued for what is due, and no more."""

    def top_up(self, due: int) -> None:
        """Makes sure that ticks enough for `due` products are queued. Raises `QueueAway`."""

    def workers(self) -> int:
        """How many workers there are. Raises `QueueAway`."""
