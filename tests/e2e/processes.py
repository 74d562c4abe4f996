"""Processes as the kernel shows them."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import psutil

from tests.e2e.harness import eventually


def children(pid: int) -> list[int]:
    """The children of a process."""
    return [child.pid for child in psutil.Process(pid).children()]


def runs(pid: int) -> bool:
    """Whether a process is there and not only its status."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def has_open(pid: int, file: Path) -> bool:
    """Whether a process has a file open."""
    return str(file) in (each.path for each in psutil.Process(pid).open_files())


def has_become(pid: int, what: str, handles: signal.Signals) -> bool:
    """Whether a process runs a command line with this in it by now, and handles a signal."""
    [caught] = re.findall(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.M)
    is_handled = int(caught, 16) & 1 << handles - 1
    return bool(is_handled) and what in " ".join(command_line(pid))


def command_line(pid: int) -> list[str]:
    """The arguments of a process, its program first; none if it ended."""
    try:
        return list(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return []


def child_that_runs(pid: int, what: str) -> int:
    """The child of a process whose command line has this in it, once there is one."""

    def found() -> int | None:
        return next(
            (child for child in children(pid) if what in " ".join(command_line(child))), None
        )

    return int(eventually(found))
