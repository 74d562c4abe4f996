"""The tasks, by the names under which they are queued."""

from __future__ import annotations

from dataclasses import asdict

from workers.process import workshop


def embed_owed() -> dict[str, int]:
    """Embeds up to 50 owed products and tells how many of each fate there were."""
    with workshop().working() as pipelines:
        return asdict(pipelines[0].run())


def embed_other() -> list[dict[str, int]]:
    """The same for the edition that does not serve, if there still is one."""
    with workshop().working() as pipelines:
        return [asdict(each.run()) for each in pipelines[1:]]
