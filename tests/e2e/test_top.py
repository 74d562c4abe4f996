"""`lookalike top` over a real system: one look, many of them in a terminal, and what is away."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

from lookalike.demo.pictures import PictureHost
from tests.api.harness import jpeg
from tests.e2e.harness import Commands, Shop, eventually


def upload(shop: Shop, folder: Path, host: PictureHost, products: int) -> None:
    (folder / "mug.jpg").write_bytes(jpeg("red"))
    url = host.url_of(folder / "mug.jpg")
    for number in range(products):
        product = {"title": f"Mug {number}", "image_url": f"{url}?{number}"}
        shop.call("POST", "/v1/catalog/products", product)


def numbers(shown: str, row: str) -> list[int]:
    """The numbers of a row of the table of products: all, active, completed, owed, failed."""
    line = next(line for line in shown.splitlines() if line.strip().startswith(row))
    return [int(number) for number in re.findall(r"\d+", line.replace(row, ""))[-5:]]


def test_one_look_shows_the_queue_the_workers_and_the_products(
    commands: Commands, tmp_path: Path
) -> None:
    shop = commands.serve()
    with PictureHost(tmp_path, 0) as host:
        upload(shop, tmp_path, host, 3)
        before = commands.run("top", "--once")
        assert before.returncode == 0, before.stderr
        assert "3 due · 0 with workers" in before.stdout
        assert "No worker runs" in before.stdout
        assert numbers(before.stdout, "all tenants") == [3, 3, 0, 3, 0]
        worker = commands.worker()
        eventually(lambda: shop.total("completed") == 3)
        shown = commands.run("top", "--once").stdout
    assert "0 due" in shown
    assert "no task failed" in shown
    assert str(worker.pid) in shown
    assert numbers(shown, "all tenants") == numbers(shown, "default") == [3, 3, 3, 0, 0]


def test_what_is_away_is_said_in_its_place(commands: Commands, tmp_path: Path) -> None:
    assert "There is no catalogue yet" in commands.run("top", "--once").stdout
    commands.serve()
    commands.environment["LOOKALIKE_REDIS_URL"] = "redis://127.0.0.1:1"
    shown = commands.run("top", "--once")
    assert shown.returncode == 0
    assert len(re.findall(r"^(?:queue|workers) +Redis cannot be used", shown.stdout, re.M)) == 2
    assert numbers(shown.stdout, "all tenants") == [0, 0, 0, 0, 0]
    assert "Traceback" not in shown.stderr
    refused = commands.run("top")
    assert refused.returncode == 1
    assert "--once" in refused.stderr
    nowhere = Commands(tmp_path / "nowhere", None).run("top", "--once")
    assert "LOOKALIKE_REDIS_URL is not set" in nowhere.stderr


def test_a_terminal_is_kept_up_to_date_until_ctrl_c(tmp_path: Path) -> None:
    alone = Commands(tmp_path / "data", None)
    ours, theirs = pty.openpty()
    shown = bytearray()

    def shows(pattern: str) -> bool:
        shown.extend(os.read(ours, 65536))
        return re.search(pattern, shown.decode(errors="replace")) is not None

    try:
        shop = alone.serve("up")  # whose Valkey is found by itself
        top = subprocess.Popen(
            [sys.executable, "-m", "lookalike.cli", "top", "--every", "0.5"],
            env=alone.environment | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
            stdin=theirs,
            stdout=theirs,
        )
        alone.processes.append(top)
        eventually(lambda: shows(r"all tenants +0"))
        with PictureHost(tmp_path, 0) as host:
            upload(shop, tmp_path, host, 2)
            eventually(lambda: shows(r"all tenants +2 +2 +2"))
            assert shows(r"embedded a second")
        top.send_signal(signal.SIGINT)
        assert top.wait(20) == 0
        assert shop.total() == 2
    finally:
        alone.end()
        os.close(ours)
        os.close(theirs)
