"""Runs a server for as long as a process lives, however that ends: `python keeper.py PID ARGV…`.

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


def main(pid: int, argv: list[str]) -> None:
    """Starts the server, and ends it when the process is gone or the server has ended itself."""
    user = 65534 if os.geteuid() == 0 else None  # nobody: Elasticsearch refuses root
    server = subprocess.Popen(
        argv, stdin=subprocess.PIPE, start_new_session=True, user=user, group=user
    )
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


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    main(int(sys.argv[1]), sys.argv[2:])
