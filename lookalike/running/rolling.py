"""A reload without a gap. gunicorn ends its processes at HUP as soon as it has started their
successors, which then still load the model, and ends itself when a successor cannot start. Here a
process ends only when another one serves in its place."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from typing import Protocol

from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

AGAIN_AFTER_S = 10.0
"""How long nothing is started after a process that could not."""


class WebProcess(Protocol):
    """What the arbiter knows of one of its processes. `age`: the how-manieth it was to start."""

    age: int

    @property
    def is_serving(self) -> bool:
        """Whether it takes requests."""


def to_start(wanted: int, young: Sequence[WebProcess], old: Sequence[WebProcess]) -> int:
    """How many are to be started now. At a reload one is ahead of the number wanted, so that no
    more memory is needed than for that one."""
    room = wanted + bool(old) - len(young) - len(old)
    return max(0, min(wanted - len(young), room))


def to_retire(
    wanted: int, young: Sequence[WebProcess], old: Sequence[WebProcess]
) -> Sequence[WebProcess]:
    """Those that others serve in place of, the oldest first."""
    serving = [*old, *(each for each in young if each.is_serving)]
    serving.sort(key=lambda each: each.age)
    return serving[: max(0, len(serving) - wanted)]


class RollingArbiter(Arbiter):  # type: ignore[misc]
    """gunicorn's arbiter, with processes that are replaced one by one.

    Processes that started before the last HUP are old; each retires once a young one serves. One
    that cannot start, while others serve, harms nobody: it is logged, and tried again.
    """

    _last_old = 0
    _not_before = 0.0

    def __init__(self, app: object) -> None:
        self._retired: set[int] = set()
        super().__init__(app)

    def handle_hup(self) -> None:
        """All that run now are old. Young ones load the code and read the secrets anew."""
        self.log.warning("Replacing the web processes, one by one.")
        self._last_old = self.worker_age

    def manage_workers(self) -> None:
        """Starts what is missing, and retires what is too much."""
        staying = [each for pid, each in self.WORKERS.items() if pid not in self._retired]
        young = [each for each in staying if each.age > self._last_old]
        old = [each for each in staying if each.age <= self._last_old]
        if time.monotonic() >= self._not_before:
            for _ in range(to_start(self.num_workers, young, old)):
                self.spawn_worker()
        retiring = {each.age for each in to_retire(self.num_workers, young, old)}
        for pid, each in list(self.WORKERS.items()):
            if each.age in retiring:
                self._retired.add(pid)
                self.kill_worker(pid, signal.SIGTERM)

    def reap_workers(self) -> None:
        """Forgets those that ended. Raises `HaltServer` where one could not start and no other
        serves."""
        try:
            super().reap_workers()
        except HaltServer:
            if not any(each.is_serving for each in self.WORKERS.values()):
                raise
            self._not_before = time.monotonic() + AGAIN_AFTER_S
            self.log.error(
                "A web process could not start; the lines above say why. Those that serve go on, "
                "and it is tried again in %g seconds.",
                AGAIN_AFTER_S,
            )
        self._retired &= self.WORKERS.keys()
