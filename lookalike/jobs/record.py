"""Jobs: how far the products of one upload are.

A job waits for a set of products. Each leaves the set once, with a fate, so work that is done twice
is counted once. At the end embedded + embedding_failed + superseded = to_embed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lookalike.catalog.product import EmbeddingStatus, Product
from lookalike.index.protocol import Position

MOST_ERRORS = 1000
"""Lines of errors that a job keeps; how many more there were is said after them."""

NEWEST = 50
"""Jobs that are listed, newest first."""

KEPT_S = 24 * 3600
"""A job lives for so long after its last change."""


class JobKind(StrEnum):
    """What was asked for."""

    UPLOAD = "upload"
    BATCH = "batch"
    REINDEX = "reindex"


class JobStatus(StrEnum):
    """The published statuses."""

    PENDING = "pending"
    EMBEDDING = "embedding"
    COMPLETE = "complete"
    FAILED = "failed"


class Fate(StrEnum):
    """How a product left a job: its vectors were made; they cannot be; or it changed, went or was
    deactivated before they were."""

    EMBEDDED = "embedded"
    FAILED = "embedding_failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What an upload did, each item counted once: created + updated + unchanged + failed."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """All items of the request."""
        return self.created + self.updated + self.unchanged + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stands. `more_errors`: lines beyond those kept in `errors`."""

    id: str
    tenant: str
    kind: JobKind
    status: JobStatus
    tally: Tally
    waiting: int
    embedded: int
    embedding_failed: int
    superseded: int
    errors: Sequence[str]
    more_errors: int
    started_at: datetime
    completed_at: datetime | None

    @property
    def to_embed(self) -> int:
        """How many products the upload left owing something."""
        return self.waiting + self.embedded + self.embedding_failed + self.superseded


@dataclass(frozen=True, slots=True)
class Marking:
    """A job that is still to mark products as owed, and after which one it goes on (None: it has
    not begun)."""

    job: str
    tenant: str
    after: Position | None


def fate(product: Product | None) -> tuple[Fate, str | None] | None:
    """How a product leaves the jobs that wait for it, with its line of error, by what the index
    says of it; None while it is owed."""
    if product is None or not product.is_active:
        return Fate.SUPERSEDED, None
    match product.embedding_status:
        case EmbeddingStatus.COMPLETED:
            return Fate.EMBEDDED, None
        case EmbeddingStatus.FAILED:
            return Fate.FAILED, f"{product.key}: {product.embedding_error}"
        case _:
            return None


class Followers(Protocol):
    """Who waits for products to be embedded."""

    def settle(
        self,
        tenant: str,
        fates: Mapping[str, tuple[Fate, str | None]],
        but: str | None = None,
    ) -> None:
        """These products leave every job that waits for them, save the job `but`, each with its
        fate and a line of error."""

    def waiting(self) -> dict[str, set[str]]:
        """What each tenant's jobs wait for whose upload is over. For the sweeper. A job whose
        upload gave no sign of life for minutes fails: its process ended in the middle."""


class Nobody:
    """Nobody waits: for the products of an edition that does not serve."""

    def settle(
        self,
        tenant: str,
        fates: Mapping[str, tuple[Fate, str | None]],
        but: str | None = None,
    ) -> None:
        """Nobody hears it."""

    def waiting(self) -> dict[str, set[str]]:
        """Nothing."""
        return {}


class JobStore(Followers, Protocol):
    """Every method is one atomic step and raises `QueueAway` when the store is away."""

    def open(self, tenant: str, kind: JobKind) -> str:
        """A new job, pending; gives its id."""

    def open_alone(self, tenant: str, kind: JobKind, tally: Tally) -> tuple[str, bool]:
        """A new job of a kind of which a tenant has one at a time, pending, and True; or the one
        that runs, and False."""

    def expect(self, job: str, tenant: str, ids: Collection[str]) -> set[str]:
        """The job waits for these, from before they are written: a worker may be that fast. Gives
        those that had left it already; how they did does not count any more. A job that is closed,
        or lost, waits for nothing new."""

    def drop(self, job: str, tenant: str, ids: Collection[str]) -> None:
        """The job does not wait for these after all: they owe nothing. How one has left it
        meanwhile does not count."""

    def close(
        self, job: str, tally: Tally | None, errors: Sequence[str] = (), more_errors: int = 0
    ) -> None:
        """All is written; the job is complete once it waits for nothing. Again is nothing. `tally`
        None: as it was opened; `more_errors`: lines beyond those in `errors`."""

    def fail(self, job: str, tally: Tally, why: str) -> None:
        """The job itself could not be done, beyond what `tally` counts."""

    def mark(self, job: str, after: Position) -> None:
        """The job has marked products as far as this one."""

    def markings(self) -> list[Marking]:
        """Every tenant's reindexing jobs that are still to mark products. For the sweeper."""

    def get(self, tenant: str, id: str) -> Job | None:
        """The tenant's job, or None."""

    def newest(self, tenant: str) -> list[Job]:
        """The tenant's 50 newest jobs, newest first."""
