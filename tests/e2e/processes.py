"""Processes as the kernel shows them."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from tests.e2e.harness import eventually


def children(pid: int) -> list[int]:
    """The children of a process."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def runs(pid: int) -> bool:
    """Whether a process is there and not only its status."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def has_open(pid: int, file: Path) -> bool:
    """Whether a process has a file open."""
    return any(fd.readlink() == file for fd in Path(f"/proc/{pid}/fd").iterdir())


def has_become(pid: int, what: str, handles: signal.Signals) -> bool:
    """Whether a process runs a command line with this in it by now, and handles a signal."""
    [caught] = re.findall(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.M)
    is_handled = int(caught, 16) & 1 << handles - 1
    return bool(is_handled) and what in Path(f"/proc/{pid}/cmdline").read_text()


def child_that_runs(pid: int, what: str) -> int:
    """The child of a process whose command line has this in it, once there is one."""

    def found() -> int | None:
        for child in children(pid):
            try:
                if what in Path(f"/proc/{child}/cmdline").read_text():
                    return child
            except (FileNotFoundError, ProcessLookupError):
                pass
        return None

    return int(eventually(found))
