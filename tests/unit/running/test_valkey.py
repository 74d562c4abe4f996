"""The embedded Valkey: who reaches it, what it keeps, and what is said when it does not start."""

from __future__ import annotations

import contextlib
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from lookalike.errors import Misconfigured
from lookalike.jobs.redis_queue import RedisOwedQueue
from lookalike.running.valkey import running_valkey, valkey_at, wait_until_ready

ANNA = "7f2c1a34-0c55-4b0e-9a5e-111111111111"
StartValkey = Callable[[Path], tuple[str, subprocess.Popen[bytes]]]


def socket_of(folder: Path) -> Path:
    argv, _ = valkey_at(folder)
    return Path(argv[argv.index("--unixsocket") + 1])


@contextlib.contextmanager
def running(*argv: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(argv)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_only_this_user_reaches_it(start_valkey: StartValkey, tmp_path: Path) -> None:
    url, _ = start_valkey(tmp_path / "data" / "valkey")
    socket = socket_of(tmp_path / "data" / "valkey")
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    with Redis.from_url(url) as connection:
        assert connection.config_get("port") == {"port": "0"}


@pytest.mark.parametrize("stop", ["terminate", "kill"])
def test_what_was_queued_outlives_the_server(
    start_valkey: StartValkey, tmp_path: Path, stop: str
) -> None:
    url, process = start_valkey(tmp_path)
    with Redis.from_url(url) as connection:
        RedisOwedQueue(connection).add(ANNA, ["a", "b"])
    getattr(process, stop)()
    process.wait()
    url, _ = start_valkey(tmp_path)
    with Redis.from_url(url) as connection:
        assert len(RedisOwedQueue(connection).claim(50).items) == 2


def test_one_that_runs_is_found_and_what_a_killed_one_left_is_not(
    start_valkey: StartValkey, tmp_path: Path
) -> None:
    assert running_valkey(tmp_path) is None
    url, process = start_valkey(tmp_path)
    assert running_valkey(tmp_path) == url
    process.kill()
    process.wait()
    assert socket_of(tmp_path).is_socket()
    assert running_valkey(tmp_path) is None


def test_a_folder_of_any_name(start_valkey: StartValkey, tmp_path: Path) -> None:
    url, _ = start_valkey(tmp_path / "a %?#ü")
    with Redis.from_url(url) as connection:
        assert connection.ping()


def test_a_relative_folder_is_meant_from_here(start_valkey: StartValkey, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        url, _ = start_valkey(Path("data"))
    with Redis.from_url(url) as connection:
        assert connection.config_get("dir") == {"dir": str(tmp_path / "data")}


def test_where_the_folders_name_is_too_long_the_socket_lies_in_a_private_one(
    start_valkey: StartValkey, tmp_path: Path
) -> None:
    url, process = start_valkey(tmp_path / ("long" * 30))
    with Redis.from_url(url) as connection:
        socket = Path(connection.config_get("unixsocket")["unixsocket"])
    assert len(str(socket)) <= 100
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert (tmp_path / ("long" * 30) / "valkey.log").exists()
    process.terminate()
    process.wait()
    socket.parent.rmdir()


def test_a_server_that_ends_at_once_is_reported(tmp_path: Path) -> None:
    with (
        running(sys.executable, "-c", "raise SystemExit(3)") as process,
        pytest.raises(Misconfigured, match="ended with status 3"),
    ):
        wait_until_ready(f"unix://{tmp_path}/nobody.sock", process, 60)


def test_a_server_that_never_answers_is_reported(tmp_path: Path) -> None:
    with (
        running(sys.executable, "-c", "import signal; signal.pause()") as process,
        pytest.raises(Misconfigured, match="did not answer"),
    ):
        wait_until_ready(f"unix://{tmp_path}/nobody.sock", process, 0.1)
