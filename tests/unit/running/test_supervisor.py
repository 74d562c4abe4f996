"""The supervisor over real processes: restarts, pauses, reloads, and the end in order."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from lookalike.running.supervisor import HOPELESS_AFTER, Child, Supervisor
from tests.e2e.harness import eventually

WORKS = """
import os, signal, sys, time
note = open(sys.argv[1], "a", buffering=1)
def said(word):
    return lambda *_: note.write(f"{word} {os.getpid()} {time.monotonic()}\\n")
signal.signal(signal.SIGHUP, said("reloaded"))
def end(*_):
    said("ended")()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
said("began")()
while True:
    signal.pause()
"""
STUBBORN = WORKS.replace("    sys.exit(0)\n", "")
FAILS = WORKS.replace("while True:\n    signal.pause()", "sys.exit(7)")


def child(note: Path, code: str = WORKS, **options: bool | float) -> Child:
    argv = [sys.executable, "-c", code, str(note)]
    return Child(note.name, argv, os.environ, **options)  # type: ignore[arg-type]


def words(note: Path, word: str) -> list[tuple[int, float]]:
    """Who said this word, and when."""
    lines = note.read_text().splitlines() if note.exists() else []
    split = [line.split() for line in lines]
    return [(int(pid), float(at)) for said, pid, at in split if said == word]


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    made = Supervisor()
    yield made
    made.stop()


def test_pauses_grow_and_one_that_never_gets_up_is_named(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    note = tmp_path / "fails"
    with capture_logs() as logs:
        supervisor.start(child(note, FAILS))
        eventually(lambda: any(each["event"] == "child_does_not_stay" for each in logs))
    ends = [each for each in logs if each["event"] == "child_ended"]
    assert [each["status"] for each in ends] == [7] * HOPELESS_AFTER
    assert [each["restarted_in_s"] for each in ends] == [0.5, 1.0, 2.0, 4.0, 8.0]
    (hopeless,) = (each for each in logs if each["event"] == "child_does_not_stay")
    assert (hopeless["child"], hopeless["ends"]) == ("fails", HOPELESS_AFTER)


def test_a_reload_renews_each_child_in_its_way(supervisor: Supervisor, tmp_path: Path) -> None:
    store, web, worker = (tmp_path / name for name in ("store", "web", "worker"))
    supervisor.start(child(store, outlives=True))
    supervisor.start(child(worker))
    supervisor.start(child(web, renews_itself=True))
    eventually(lambda: all(words(note, "began") for note in (store, web, worker)))
    with capture_logs() as logs:
        supervisor.reload()
        eventually(lambda: len(words(worker, "began")) == 2 and words(web, "reloaded"))
    assert [each["event"] for each in logs] == ["child_renewed", "child_renewed"]  # and no end
    assert len(words(web, "began")) == len(words(store, "began")) == 1
    assert words(store, "reloaded") == []
    ((pid, ended),) = words(worker, "ended")
    (first, _), (second, began) = words(worker, "began")
    assert first == pid != second
    assert ended < began


def test_what_the_others_need_ends_after_them_and_the_stubborn_are_killed(tmp_path: Path) -> None:
    made = Supervisor()
    store, worker, stubborn = (tmp_path / name for name in ("store", "worker", "stubborn"))
    made.start(child(store, outlives=True))
    made.start(child(worker))
    process = made.start(child(stubborn, STUBBORN, stop_within_s=0.5))
    eventually(lambda: all(words(note, "began") for note in (store, worker, stubborn)))
    with capture_logs() as logs:
        made.stop()
    ((_, store_ended),) = words(store, "ended")
    assert all(at < store_ended for note in (worker, stubborn) for _, at in words(note, "ended"))
    assert process.returncode == -signal.SIGKILL
    assert [each["child"] for each in logs if each["event"] == "child_killed"] == ["stubborn"]


def test_a_stop_does_not_wait_for_a_pause(tmp_path: Path) -> None:
    made = Supervisor()
    note = tmp_path / "fails"
    with capture_logs() as logs:
        made.start(child(note, FAILS))
        eventually(lambda: any(each.get("restarted_in_s") == 4.0 for each in logs))
        began = time.monotonic()
        made.stop()
    assert time.monotonic() - began < 3
    assert len(words(note, "began")) == 4
