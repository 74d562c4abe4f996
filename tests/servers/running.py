"""Starting a server once for a whole run of tests, however many processes it has."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

KEEPER = Path(__file__).parent / "keeper.py"
START_S = 180.0
NOBODY = 65534

_keepers: list[subprocess.Popen[bytes]] = []
"""Those that this process started, held so that Python does not mourn them as forgotten."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a server is started, where it is spoken to, and where it answers once it is healthy.
    `as_nobody`: it refuses to be root."""

    argv: list[str]
    environment: Mapping[str, str]
    folder: Path
    url: str
    health: str
    as_nobody: bool = True


class NotStarted(Exception):
    """The server does not run; what it said last."""


class Recipe(Protocol):
    """A server that can be fetched and started."""

    @property
    def name(self) -> str:
        """What it is, for people and for file names."""

    def fetch(self) -> None:
        """Makes sure that all of it is in the cache. Raises `NotHere`."""

    def command(self, work: Path) -> Command:
        """How it is started, with all that it writes under `work`. Raises `NotHere`."""


def shared(recipe: Recipe, folder: Path, owner: int) -> str:
    """The URL of a server that the processes of a run share through `folder`. The first that asks
    starts it; it ends with the process `owner`. Raises `NotHere`."""
    note = folder / f"{recipe.name}.json"
    with (folder / f"{recipe.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            started = start(recipe, owner)
            _keepers.append(started.keeper)
            note.write_text(json.dumps(started.url))
    return str(json.loads(note.read_text()))


@dataclass(frozen=True, slots=True)
class Started:
    """A server that runs, and its keeper, which ends it."""

    url: str
    keeper: subprocess.Popen[bytes]

    def kill(self) -> None:
        """Kills the server with -9; it comes back by itself, over the same data."""
        self.keeper.send_signal(signal.SIGUSR1)

    def end(self) -> None:
        """Ends it for good."""
        self.keeper.terminate()
        self.keeper.wait()


def start(recipe: Recipe, owner: int) -> Started:
    """Starts a server that ends with the process `owner`. Raises `NotHere` and `NotStarted`."""
    recipe.fetch()
    work = Path(tempfile.mkdtemp(prefix=f"lookalike-{recipe.name}-"))
    command = recipe.command(work)
    user = NOBODY if command.as_nobody and os.geteuid() == 0 else os.geteuid()
    if user != os.geteuid():
        for path in (work, *work.rglob("*")):
            shutil.chown(path, user, user)
    # Read and written by this handle: the keeper of a server that ended removes the folder.
    with (work / "output.log").open("w+b") as log:
        keeper = subprocess.Popen(
            [sys.executable, KEEPER, str(owner), str(user), *command.argv],
            env=os.environ | dict(command.environment),
            cwd=command.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        _wait(command.health, keeper, log)
    return Started(command.url, keeper)


def free_port(among: range = range(1)) -> int:
    """A port of the loopback that nobody listens at."""
    for port in among:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RuntimeError(f"No port of {among} is free.")


def _wait(url: str, keeper: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if keeper.poll() is not None:
                break
            time.sleep(0.2)
    keeper.terminate()
    log.seek(0)
    said = log.read().decode(errors="replace")
    raise NotStarted(f"{url} did not answer:\n{said[-8000:]}")
