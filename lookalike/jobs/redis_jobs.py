"""Jobs on Redis."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from lookalike.index.protocol import Position
from lookalike.jobs.record import (
    KEPT_S,
    MOST_ERRORS,
    NEWEST,
    Fate,
    Job,
    JobKind,
    JobStatus,
    Marking,
    Tally,
)
from lookalike.jobs.redis_scripts import RedisScripts

LEFT_BEHIND_MS = 5 * 60 * 1000
"""An upload without a sign of life for so long was left behind by a process that ended."""

_LEFT_BEHIND = (
    "The server that took this request ended in the middle of it. Send it again: what was saved "
    "will count as unchanged."
)


class RedisJobStore:
    """A `JobStore`. Jobs go 24 hours after their last change. `refresh` returns once searches see
    all that was written: before that no job is complete."""

    def __init__(
        self,
        connection: Redis,
        refresh: Callable[[], None] = lambda: None,
        *,
        namespace: str = "lookalike",
    ) -> None:
        prefix = f"{namespace}:job:"
        self._refresh = refresh
        self._scripts = RedisScripts(connection, "jobs", [], [prefix, KEPT_S, MOST_ERRORS])

    def open(self, tenant: str, kind: JobKind) -> str:
        """A new job, pending; gives its id."""
        job = str(uuid.uuid4())
        self._scripts.run("open", job, tenant, kind, NEWEST)
        return job

    def open_alone(self, tenant: str, kind: JobKind, tally: Tally) -> tuple[str, bool]:
        """A new job of a kind of which a tenant has one at a time, or the one that runs."""
        job = str(uuid.uuid4())
        running = self._scripts.run("open_alone", job, tenant, kind, NEWEST, *_counts(tally))
        return running.decode(), running.decode() == job

    def expect(self, job: str, tenant: str, ids: Collection[str]) -> set[str]:
        """The job waits for these; gives those that had left it already."""
        again = self._scripts.run("expect", job, tenant, *ids) if ids else []
        return {id.decode() for id in again}

    def drop(self, job: str, tenant: str, ids: Collection[str]) -> None:
        """The job does not wait for these after all."""
        if ids:
            self._finish(self._scripts.run("drop", job, tenant, *ids))

    def close(
        self, job: str, tally: Tally | None, errors: Sequence[str] = (), more_errors: int = 0
    ) -> None:
        """All is written; the job is complete once it waits for nothing."""
        counts = _counts(tally) if tally else ("", "", "", "")
        self._finish(self._scripts.run("close", job, more_errors, *counts, *errors))

    def fail(self, job: str, tally: Tally, why: str) -> None:
        """The job itself could not be done."""
        self._scripts.run("fail", job, *_counts(tally), why)

    def mark(self, job: str, after: Position) -> None:
        """The job has marked products as far as this one."""
        self._scripts.run("mark", job, f"{after.created_at.isoformat()} {after.id}")

    def markings(self) -> list[Marking]:
        """Every tenant's reindexing jobs that are still to mark products."""
        found = self._scripts.run("markings", JobKind.REINDEX)
        return [
            Marking(job.decode(), tenant.decode(), _position(position.decode()))
            for job, tenant, position in found
        ]

    def settle(
        self,
        tenant: str,
        fates: Mapping[str, tuple[Fate, str | None]],
        but: str | None = None,
    ) -> None:
        """These products leave every job that waits for them, save the job `but`."""
        if fates:
            flat = (text for id, (fate, line) in fates.items() for text in (id, fate, line or ""))
            self._finish(self._scripts.run("settle", tenant, but or "", *flat))

    def _finish(self, through: list[bytes]) -> None:
        """Jobs that wait for nothing any more are complete once searches see it."""
        if through:
            self._refresh()
            self._scripts.run("finish", *(job.decode() for job in through))

    def get(self, tenant: str, id: str) -> Job | None:
        """The tenant's job, or None."""
        found = self._scripts.run("read", tenant, id)
        return _job(found[0]) if found else None

    def newest(self, tenant: str) -> list[Job]:
        """The tenant's newest jobs, newest first."""
        return [_job(each) for each in self._scripts.run("read", tenant)]

    def waiting(self) -> dict[str, set[str]]:
        """Every tenant's products that some job waits for."""
        products: dict[str, set[str]] = {}
        arguments = (LEFT_BEHIND_MS, _LEFT_BEHIND, JobKind.REINDEX)
        found, through = self._scripts.run("waiting", *arguments)
        self._finish(through)
        for tenant, ids in found:
            products.setdefault(tenant.decode(), set()).update(id.decode() for id in ids)
        return products


def _counts(tally: Tally) -> tuple[int, int, int, int]:
    return tally.created, tally.updated, tally.unchanged, tally.failed


def _position(text: str) -> Position | None:
    if not text:
        return None
    created_at, id = text.split(" ")
    return Position(datetime.fromisoformat(created_at), id)


def _job(row: list[Any]) -> Job:
    id, flat, waiting, errors = row
    numbers = {
        name.decode(): value.decode() for name, value in zip(flat[::2], flat[1::2], strict=True)
    }

    def number(name: str) -> int:
        return int(numbers.get(name, 0))

    return Job(
        id=id.decode(),
        tenant=numbers["tenant"],
        kind=JobKind(numbers["kind"]),
        status=JobStatus(numbers["status"]),
        tally=Tally(
            created=number("created"),
            updated=number("updated"),
            unchanged=number("unchanged"),
            failed=number("failed"),
        ),
        waiting=waiting,
        embedded=number(Fate.EMBEDDED),
        embedding_failed=number(Fate.FAILED),
        superseded=number(Fate.SUPERSEDED),
        errors=[line.decode() for line in errors],
        more_errors=number("more_errors"),
        started_at=_moment(number("started_ms")),
        completed_at=_moment(number("completed_ms")) if "completed_ms" in numbers else None,
    )


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
