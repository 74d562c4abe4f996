"""Jobs on Redis."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from lookalike.jobs.record import (
    KEPT_S,
    MOST_ERRORS,
    NEWEST,
    Fate,
    Job,
    JobKind,
    JobStatus,
    Tally,
)
from lookalike.jobs.redis_scripts import RedisScripts

UPLOAD_MS = 3600 * 1000
"""An upload that is not over after this time was left behind by a process that ended."""


class RedisJobStore:
    """A `JobStore`. Jobs go 24 hours after their last change."""

    def __init__(self, connection: Redis, *, namespace: str = "lookalike") -> None:
        prefix = f"{namespace}:job:"
        self._scripts = RedisScripts(connection, "jobs", [], [prefix, KEPT_S, MOST_ERRORS])

    def open(self, tenant: str, kind: JobKind) -> str:
        """A new job, pending; gives its id."""
        job = str(uuid.uuid4())
        self._scripts.run("open", job, tenant, kind, NEWEST)
        return job

    def expect(self, job: str, tenant: str, ids: Collection[str]) -> None:
        """The job waits for these, from before they are written."""
        self._scripts.run("expect", job, tenant, *ids)

    def drop(self, job: str, tenant: str, ids: Collection[str]) -> None:
        """The job does not wait for these after all."""
        self._scripts.run("drop", job, tenant, *ids)

    def close(self, job: str, tally: Tally, errors: Sequence[str]) -> None:
        """All is written; the job is complete once it waits for nothing."""
        counts = (tally.created, tally.updated, tally.unchanged, tally.failed)
        self._scripts.run("close", job, *counts, *errors)

    def settle(
        self,
        tenant: str,
        fates: Mapping[str, tuple[Fate, str | None]],
        but: str | None = None,
    ) -> None:
        """These products leave every job that waits for them, save the job `but`."""
        if fates:
            flat = (text for id, (fate, line) in fates.items() for text in (id, fate, line or ""))
            self._scripts.run("settle", tenant, but or "", *flat)

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
        for tenant, ids in self._scripts.run("waiting", UPLOAD_MS):
            products.setdefault(tenant.decode(), set()).update(id.decode() for id in ids)
        return products


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
