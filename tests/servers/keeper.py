"""Runs a server for as long as a process lives: `python keeper.py PID USER ARGV…`.

The server and all its children are one process group, which goes with the process PID; so does the
folder that it runs in. USR1 kills the server with -9 and starts it again over what it left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path


def alive(pid: int) -> bool:
    """Whether the process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def started(argv: list[str], user: int) -> subprocess.Popen[bytes]:
    """The server, as a user; only root may make it another's."""
    other = {} if user == os.geteuid() else {"user": user, "group": user}
    return subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True, **other)


def main(pid: int, user: int, argv: list[str]) -> None:
    """Starts the server, and ends it when the process is gone or the server has ended itself."""
    asked: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _: asked.append(number))
    server = started(argv, user)
    try:
        while alive(pid) and (server.poll() is None or asked):
            if asked:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
                server = started(argv, user)
                asked.clear()
            time.sleep(0.2)
    finally:
        ended_itself = server.poll() is not None
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(server.pid, number)
                server.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        if not ended_itself:  # else its output is left to those who ask why
            shutil.rmtree(Path.cwd(), ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
