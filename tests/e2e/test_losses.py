"""What is lost when a server behind ends: nothing that was accepted."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from redis import Redis

from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from tests.conftest import StartValkey
from tests.e2e.harness import Commands, eventually


def test_redis_emptied_in_the_middle_costs_nothing(
    commands: Commands, picture_host: PictureHost, bagisto: list[CatalogueRow], redis_client: Redis
) -> None:
    shop = commands.serve()
    commands.worker()
    shop.upload(bagisto, picture_host)
    eventually(lambda: 0 < shop.total("completed") < len(bagisto))
    redis_client.flushall()
    eventually(lambda: shop.total("completed") == len(bagisto), 150)
    assert shop.total() == len(bagisto)


def test_redis_that_ends_and_comes_back_costs_nothing(
    tmp_path: Path,
    start_valkey: StartValkey,
    picture_host: PictureHost,
    bagisto: list[CatalogueRow],
) -> None:
    url, valkey = start_valkey(tmp_path / "valkey")
    commands = Commands(tmp_path / "data", url)
    try:
        shop = commands.serve()
        commands.worker()
        shop.upload(bagisto[:100], picture_host)
        eventually(lambda: shop.total("completed") > 0)
        valkey.send_signal(signal.SIGKILL)
        valkey.wait()
        one = {"title": "While away", "image_url": picture_host.url_of(bagisto[0].image)}
        shop.call("POST", "/v1/catalog/products", one)
        start_valkey(tmp_path / "valkey")
        eventually(lambda: shop.total("completed") == 101, 150)
        assert shop.total() == 101
    finally:
        commands.end()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_is_said_in_words_and_loses_nothing(tmp_path: Path, redis_url: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    commands = Commands(disk, redis_url)
    try:
        shop = commands.serve()
        accepted, refusal = 0, ""
        while not refusal:
            product = {
                "title": "Large",
                "image_url": "http://127.0.0.1:1/a.jpg",
                "description": "x" * 60_000,
            }
            try:
                shop.call("POST", "/v1/catalog/products", product)
                accepted += 1
            except OSError as error:
                refusal = error.read().decode()  # type: ignore[attr-defined]
        assert "full" in refusal
        assert '"status": 503' in refusal
        assert shop.total() == accepted
    finally:
        commands.end()
        subprocess.run(["umount", disk], check=False)
