"""Runs a server for as long as a process lives: `python keeper.py PID USER ARGV…`.

The server and all its children are one process group, which goes with the process PID; so does the
folder that it runs in."""

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


def main(pid: int, user: int, argv: list[str]) -> None:
    """Starts the server as a user, and ends it when the process is gone or the server has ended
    itself."""
    server = subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True, **_as(user))
    try:
        while alive(pid) and server.poll() is None:
            time.sleep(0.2)
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(server.pid, number)
                server.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        shutil.rmtree(Path.cwd(), ignore_errors=True)


def _as(user: int) -> dict[str, int]:
    """What makes a process another user's; only root may."""
    return {} if user == os.geteuid() else {"user": user, "group": user}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
