"""What processes counted that have ended. Each counts into files of its own, which stay when it
ends, so that nothing is taken back; were they all kept, a worker that keeps dying would make each
reading slower than the one before. So they are added up into one."""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

MANY = 16
"""So many files of processes that have ended are left as they are."""

_KINDS = ("counter", "histogram")
"""Ours; the values of both are added up. Files are named `counter_PID.db`."""

_ALL = "departed"


class Together(Collector):
    """All that was counted in a folder, by processes that run and by those that have ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> list[Metric]:
        """The sums. Nobody adds files up meanwhile, which would then be read twice or not."""
        with _held(self._folder):
            for kind in _KINDS:
                _add_up(self._folder, kind)
            told = MultiProcessCollector(None, str(self._folder))  # type: ignore[no-untyped-call]
            return list(told.collect())  # type: ignore[no-untyped-call]


def _add_up(folder: Path, kind: str) -> None:
    """Makes one file of those of the processes that have ended, once they are many. One that was
    killed before it had begun to write left an empty file, which no reader understands."""
    departed = []
    for each in folder.glob(f"{kind}_*.db"):
        if _is_departed(each):
            if each.stat().st_size:
                departed.append(each)
            else:
                each.unlink()
    if len(departed) <= MANY:
        return
    whole, made = folder / f"{kind}_{_ALL}.db", folder / f"{kind}_{_ALL}.new"
    made.unlink(missing_ok=True)
    sums: Counter[str] = Counter()
    for each in (whole, *departed) if whole.exists() else departed:
        sums.update(_values(each))
    total = MmapedDict(str(made))  # type: ignore[no-untyped-call]
    for key, value in sums.items():
        total.write_value(key, value, 0.0)  # type: ignore[no-untyped-call]
    total.close()  # type: ignore[no-untyped-call]
    made.rename(whole)
    for each in departed:
        each.unlink()


def _values(file: Path) -> dict[str, float]:
    """What a file holds, by the keys that prometheus_client gives it."""
    every = MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]
    return {key: value for key, value, _, _ in every}


def _is_departed(file: Path) -> bool:
    pid = file.stem.rpartition("_")[2]
    if not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The folder, for one process at a time."""
    with (folder / "reading.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
