"""The tasks, by the names under which they are queued."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from lookalike.errors import Away
from lookalike.telemetry import metrics
from workers.process import workshop


def embed_owed() -> dict[str, int]:
    """Embeds up to 50 owed products and tells how many of each fate there were."""
    with counting_failures(), workshop().working() as pipelines:
        return asdict(pipelines[0].run())


def embed_other() -> list[dict[str, int]]:
    """The same for the edition that does not serve, if there still is one."""
    with counting_failures(), workshop().working() as pipelines:
        return [asdict(each.run()) for each in pipelines[1:]]


@contextmanager
def counting_failures() -> Iterator[None]:
    """A tick; one that cannot go on, because a server is away, is counted."""
    try:
        yield
    except Away as error:
        metrics.TICKS_FAILED.labels(error.code).inc()
        raise
