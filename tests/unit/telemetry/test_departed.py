"""Counts of processes that have ended, by real processes that end or are killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lookalike.telemetry.departed import MANY, Together

COUNTS = """
import os, signal, sys
from lookalike.telemetry import metrics
metrics.PICTURES.labels("ok").inc()
metrics.PICTURES.labels(sys.argv[1]).inc(2)
metrics.SEARCH_SECONDS.labels("text").observe(0.003)
sys.stdout.write("counted\\n")
sys.stdout.flush()
sys.stdin.read()
os.kill(os.getpid(), signal.SIGKILL)
"""


def process(folder: Path, result: str) -> subprocess.Popen[str]:
    """A process that has counted, and is killed when its input ends."""
    made = subprocess.Popen(
        [sys.executable, "-c", COUNTS, result],
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert made.stdout is not None
    assert made.stdout.readline() == "counted\n"
    return made


def copies(folder: Path, of: int, count: int) -> None:
    """The files of more processes that have ended: as the one that had this number."""
    ended = iter(range(4_194_305, 5_000_000))  # above the largest number that Linux gives
    for _ in range(count):
        pid = next(ended)
        for kind in ("counter", "histogram"):
            (folder / f"{kind}_{pid}.db").write_bytes((folder / f"{kind}_{of}.db").read_bytes())


def told(folder: Path) -> dict[str, float]:
    return {
        f"{sample.name} {'|'.join(sample.labels.values())}": sample.value
        for family in Together(folder).collect()
        for sample in family.samples
        if sample.value and not sample.name.endswith("_sum")
    }


def test_what_the_departed_counted_is_kept_in_one_file(tmp_path: Path) -> None:
    first, running = process(tmp_path, "damaged"), process(tmp_path, "refused")
    first.communicate()
    copies(tmp_path, first.pid, MANY)
    (tmp_path / "counter_4999999.db").touch()  # killed before it had begun to write
    expected = {
        "lookalike_pictures_total ok": MANY + 2,
        "lookalike_pictures_total damaged": 2 * (MANY + 1),
        "lookalike_pictures_total refused": 2,
        "lookalike_search_seconds_count text": MANY + 2,
        "lookalike_search_seconds_bucket text|0.0025": 0,
        "lookalike_search_seconds_bucket text|0.005": MANY + 2,
    }
    for _ in range(2):  # what was added up is not added again
        found = told(tmp_path)
        assert {name: found.get(name, 0) for name in expected} == expected
        names = {each.name for each in tmp_path.glob("counter_*.db")}
        assert names == {"counter_departed.db", f"counter_{running.pid}.db"}
        assert len(list(tmp_path.glob("histogram_*.db"))) == 2
    running.communicate()
    copies(tmp_path, running.pid, MANY)
    assert told(tmp_path)["lookalike_pictures_total ok"] == 2 * MANY + 2
    assert len(list(tmp_path.glob("*.db"))) == 2


def test_a_few_are_left_as_they_are(tmp_path: Path) -> None:
    one = process(tmp_path, "damaged")
    one.communicate()
    copies(tmp_path, one.pid, MANY - 1)
    (tmp_path / "counter_4999999.db").touch()
    assert told(tmp_path)["lookalike_pictures_total ok"] == MANY
    assert len(list(tmp_path.glob("counter_*.db"))) == MANY
