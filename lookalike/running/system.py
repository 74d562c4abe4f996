"""The whole system on one machine: Valkey where no Redis is named, workers, and the web."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from lookalike.bootstrap import check, make_accounts
from lookalike.errors import Misconfigured
from lookalike.running.folder import claim_folder, use_catalogue
from lookalike.running.server import graceful_s
from lookalike.running.supervisor import Child, Supervisor
from lookalike.running.valkey import valkey_at, wait_until_ready
from lookalike.running.web import address, listen_all, web_argv
from lookalike.settings import Settings, variable
from lookalike.telemetry import metrics

READY_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class System:
    """A running system: its settings as its processes have them, its address, and the text of the
    first key, if this start made it."""

    settings: Settings
    url: str
    first_key: str | None
    reload: Callable[[], None]
    """Makes web and workers new without a failed request or a lost job."""


@contextmanager
def running(settings: Settings) -> Iterator[System]:
    """Starts the whole, gives it once it serves, and stops every child at the end.

    Raises `Misconfigured` in a sentence where it cannot start.
    """
    with ExitStack() as stack:
        locks = [claim_folder(settings.data_dir)]
        stack.callback(_close, locks)
        check(settings)
        locks += use_catalogue(settings.index_file)
        first_key = make_accounts(settings).open()
        listeners = [stack.enter_context(each) for each in listen_all(settings)]
        supervisor = Supervisor()
        stack.callback(supervisor.stop)
        if settings.redis_url is None:
            settings = replace(settings, redis_url=_start_valkey(supervisor, settings, locks))
        web = _start_all(supervisor, settings, locks, listeners)
        # Before the children are stopped: clients are then refused, and not left waiting.
        for each in listeners:
            stack.callback(each.close)
        url = address(settings.host, listeners[0])
        _wait_until_serving(url, web)
        yield System(settings, url, first_key, supervisor.reload)


def _close(locks: Sequence[int]) -> None:
    for each in locks:
        os.close(each)


def _start_all(
    supervisor: Supervisor,
    settings: Settings,
    locks: Sequence[int],
    listeners: Sequence[socket.socket],
) -> subprocess.Popen[bytes]:
    """Starts the workers, and the web, whose process it gives."""
    environment, patience_s = _environment(settings), graceful_s(settings) + 5.0
    environment |= metrics.new_folder(settings.data_dir / "metrics")
    # The web tells at its port what the workers count, too.
    of_workers = environment | {variable("metrics_port"): ""}
    for number in range(settings.worker_processes):
        argv = [sys.executable, "-m", "workers"]
        name = f"worker {number + 1}"
        supervisor.start(Child(name, argv, of_workers, locks, patience_s))
    fds = [*locks, *(each.fileno() for each in listeners)]
    web = Child("web", web_argv(listeners), environment, fds, patience_s, renews_itself=True)
    return supervisor.start(web)


def _start_valkey(supervisor: Supervisor, settings: Settings, locks: Sequence[int]) -> str:
    argv, url = valkey_at(settings.data_dir / "valkey")
    valkey = Child("valkey", argv, dict(os.environ), locks, outlives=True)
    process = supervisor.start(valkey)
    wait_until_ready(url, process, READY_WITHIN_S)
    return url


def _environment(settings: Settings) -> dict[str, str]:
    """The environment of the children: ours, with every setting as it is here."""
    environment = dict(os.environ)
    # One thread a call of BLAS: the processes are many, and the model has threads of its own.
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")
    for each in fields(settings):
        value = getattr(settings, each.name)
        if value is not None:
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            environment[variable(each.name)] = text
    return environment


def _wait_until_serving(url: str, web: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if web.poll() is not None:
                break
            time.sleep(0.05)
    raise Misconfigured("The web process did not start; the lines above say why.")


def data_folder(settings: Settings, *parts: str) -> Settings:
    """The same settings over a folder below the data folder, for a system of its own."""
    return replace(settings, data_dir=Path(settings.data_dir, *parts), index_url=None)
