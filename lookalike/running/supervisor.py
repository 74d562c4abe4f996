"""A supervisor of child processes: starts them, restarts one that dies, makes them new at a reload,
stops them all."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)

STOP_WITHIN_S = 20.0
"""How long a child may take to end after TERM before it is killed, unless it says otherwise."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0
"""A child that ran this long was well: its pauses begin anew."""

HOPELESS_AFTER = 5
"""So many ends in a row, none of them after a steady run, and an operator should look."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep running. `keep_fds` are inherited: sockets, locks.

    `outlives`: the others need it, so it is left alone at a reload, and stopped after them.
    `renews_itself`: at HUP, without an end; any other is ended and started anew.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    keep_fds: Sequence[int] = ()
    stop_within_s: float = STOP_WITHIN_S
    outlives: bool = False
    renews_itself: bool = False


@dataclass(slots=True, eq=False)
class _Running:
    """A child's process. `ends` counts those before it in a row that ended soon."""

    child: Child
    process: subprocess.Popen[bytes]
    started: float
    ends: int = 0
    renewing: bool = False


class Supervisor:
    """Keeps children running until it is stopped. Each has a session of its own, so that Ctrl-C in
    the terminal reaches only the supervisor, which then stops them in order."""

    def __init__(self) -> None:
        self._running: list[_Running] = []
        self._replacing = threading.Lock()
        self._ended: queue.SimpleQueue[_Running | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="supervisor", daemon=True)
        self._keeper.start()

    def start(self, child: Child) -> subprocess.Popen[bytes]:
        """Starts a child and keeps it running from now on."""
        return self._spawn(child, 0).process

    def reload(self) -> None:
        """Makes the children new, one after the other, each finishing what it has at hand."""
        for each in [each for each in self._running if not each.child.outlives]:
            log.info("child_renewed", child=each.child.name)
            if each.child.renews_itself:
                each.process.send_signal(signal.SIGHUP)
            else:
                self._renew(each)

    def stop(self) -> None:
        """Ends every child, those that the others need last; kills what does not end in time."""
        self._stopping.set()
        self._ended.put(None)
        self._keeper.join()
        for last in (False, True):
            _end([each for each in self._running if each.child.outlives is last])

    def _spawn(self, child: Child, ends: int) -> _Running:
        process = subprocess.Popen(
            child.argv,
            env=dict(child.environment),
            stdin=subprocess.DEVNULL,
            pass_fds=child.keep_fds,
            start_new_session=True,
        )
        running = _Running(child, process, time.monotonic(), ends)
        self._running.append(running)
        threading.Thread(target=self._watch, args=(running,), daemon=True).start()
        return running

    def _renew(self, running: _Running) -> None:
        running.renewing = True
        _end([running])
        self._replace(running, 0)

    def _replace(self, ended: _Running, ends: int) -> None:
        with self._replacing:
            if ended in self._running:
                self._running.remove(ended)
                self._spawn(ended.child, ends)

    def _watch(self, running: _Running) -> None:
        running.process.wait()
        self._ended.put(running)

    def _keep(self) -> None:
        while (ended := self._ended.get()) is not None and not self._stopping.is_set():
            if not ended.renewing:
                threading.Thread(target=self._restart, args=(ended,), daemon=True).start()

    def _restart(self, ended: _Running) -> None:
        steady = time.monotonic() - ended.started > STEADY_AFTER_S
        ends = 1 if steady else ended.ends + 1
        pause_s = min(FIRST_PAUSE_S * 2 ** (ends - 1), LONGEST_PAUSE_S)
        log.warning(
            "child_ended",
            child=ended.child.name,
            status=ended.process.returncode,
            restarted_in_s=pause_s,
        )
        if ends % HOPELESS_AFTER == 0:
            log.error(
                "child_does_not_stay",
                child=ended.child.name,
                ends=ends,
                hint="It ends soon after every start; its own lines say why. It is tried again "
                "all the same. Correct what they name, and start anew if it is a setting.",
            )
        if not self._stopping.wait(pause_s):
            self._replace(ended, ends)


def _end(children: Sequence[_Running]) -> None:
    """Ends these at once, and returns when all have."""
    for each in children:
        each.process.terminate()
    for each in children:
        try:
            each.process.wait(each.child.stop_within_s)
        except subprocess.TimeoutExpired:
            log.warning("child_killed", child=each.child.name)
            each.process.kill()
            each.process.wait()
