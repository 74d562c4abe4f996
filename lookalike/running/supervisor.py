"""A supervisor of child processes: starts them, restarts one that dies, stops them all."""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)

STOP_WITHIN_S = 20.0
"""How long a child may take to end after TERM before it is killed."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0
"""A child that ran this long was well: its pauses begin anew."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep running. `keep_fds` are inherited: sockets, the folder's lock."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    keep_fds: tuple[int, ...] = ()


@dataclass(slots=True)
class _Running:
    child: Child
    process: subprocess.Popen[bytes]
    started: float
    pause_s: float


class Supervisor:
    """Keeps children running until it is stopped. Each has a session of its own, so that Ctrl-C in
    the terminal reaches only the supervisor, which then stops them in order."""

    def __init__(self) -> None:
        self._running: list[_Running] = []
        self._ended: queue.SimpleQueue[_Running | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="supervisor", daemon=True)
        self._keeper.start()

    def start(self, child: Child) -> subprocess.Popen[bytes]:
        """Starts a child and keeps it running from now on."""
        return self._spawn(child, FIRST_PAUSE_S)

    def stop(self) -> None:
        """Ends every child, the last started first; kills one that does not end in time."""
        self._stopping.set()
        self._ended.put(None)
        self._keeper.join()
        for each in reversed(self._running):
            _end(each)

    def _spawn(self, child: Child, pause_s: float) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            child.argv,
            env=dict(child.environment),
            stdin=subprocess.DEVNULL,
            pass_fds=child.keep_fds,
            start_new_session=True,
        )
        running = _Running(child, process, time.monotonic(), pause_s)
        self._running.append(running)
        threading.Thread(target=self._watch, args=(running,), daemon=True).start()
        return process

    def _watch(self, running: _Running) -> None:
        running.process.wait()
        self._ended.put(running)

    def _keep(self) -> None:
        while (ended := self._ended.get()) is not None and not self._stopping.is_set():
            threading.Thread(target=self._restart, args=(ended,), daemon=True).start()

    def _restart(self, ended: _Running) -> None:
        steady = time.monotonic() - ended.started > STEADY_AFTER_S
        pause_s = FIRST_PAUSE_S if steady else ended.pause_s
        log.warning(
            "child_ended",
            child=ended.child.name,
            status=ended.process.returncode,
            restarted_in_s=pause_s,
        )
        if not self._stopping.wait(pause_s):
            self._running.remove(ended)
            self._spawn(ended.child, min(pause_s * 2, LONGEST_PAUSE_S))


def _end(running: _Running) -> None:
    running.process.terminate()
    try:
        running.process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        log.warning("child_killed", child=running.child.name)
        running.process.kill()
        running.process.wait()
