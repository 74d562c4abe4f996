"""Reloads, restarts and ends under load: no failed request, no lost job."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lookalike.demo.pictures import PictureHost
from tests.api.harness import jpeg
from tests.e2e.harness import Commands, Shop, eventually
from tests.e2e.load import Load, load_on
from tests.e2e.processes import child_that_runs, children, has_become, runs


@pytest.fixture
def picture(tmp_path: Path) -> Iterator[str]:
    """The URL of a picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "mug.jpg").write_bytes(jpeg("red"))
    with PictureHost(folder, 0) as host:
        yield host.url_of(folder / "mug.jpg")


def more(load: Load, requests: int = 20) -> None:
    """Returns once so many more requests were answered."""
    before = load.requests
    eventually(lambda: load.requests >= before + requests)


def nothing_was_lost(shop: Shop, load: Load) -> None:
    """No request failed, every product that was accepted is embedded, and every job complete."""
    assert load.failures == []
    assert set(load.answered) == {"search", "upload_one", "upload_many"}
    eventually(lambda: shop.total("completed") == load.accepted, 120)
    assert shop.total() == load.accepted
    for id in load.jobs:
        job = shop.call("GET", f"/api/v1/catalog/jobs/{id}")
        assert (job["status"], job["embedded"]) == ("complete", 5), job


def test_hup_of_the_web_fails_no_request(commands: Commands, picture: str) -> None:
    shop = commands.serve()
    web = commands.processes[0]
    commands.worker()
    with load_on(shop, picture) as load:
        for _ in range(2):
            more(load)
            before = set(children(web.pid))
            web.send_signal(signal.SIGHUP)
            eventually(lambda: before.isdisjoint(children(web.pid)))  # noqa: B023
        more(load)
    assert len(children(web.pid)) == len(before)
    nothing_was_lost(shop, load)


def test_workers_that_are_restarted_one_by_one_lose_no_job(
    commands: Commands, picture: str
) -> None:
    shop = commands.serve()
    workers = [commands.worker(), commands.worker()]
    with load_on(shop, picture) as load:
        for worker in workers:
            done = shop.total("completed")
            eventually(lambda: shop.total("completed") > done + 5)  # noqa: B023
            eventually(lambda: has_become(worker.pid, "workers", signal.SIGTERM))  # noqa: B023
            worker.terminate()
            assert worker.wait(60) == 0
            commands.worker()
    nothing_was_lost(shop, load)


def test_hup_of_the_whole_makes_web_and_workers_new_and_loses_nothing(
    tmp_path: Path, picture: str
) -> None:
    alone = Commands(tmp_path / "data", None, worker_processes="2")
    try:
        shop = alone.serve("up")
        whole = alone.processes[0]
        valkey = child_that_runs(whole.pid, "valkey")
        web = child_that_runs(whole.pid, "running.server")
        with load_on(shop, picture) as load:
            more(load)
            old = {*children(whole.pid), *children(web)} - {valkey, web}
            assert len(old) >= 4
            whole.send_signal(signal.SIGHUP)
            eventually(lambda: not any(map(runs, old)), 120)
            more(load)
        assert child_that_runs(whole.pid, "valkey") == valkey
        assert child_that_runs(whole.pid, "running.server") == web
        nothing_was_lost(shop, load)
    finally:
        alone.end()


def test_a_web_that_cannot_start_anew_serves_on_until_it_can(
    commands: Commands, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a password")
    commands.environment["LOOKALIKE_INDEX_PASSWORD_FILE"] = str(secret)
    commands.environment["LOOKALIKE_WEB_PROCESSES"] = "1"
    shop = commands.serve()
    web = commands.processes[0].pid
    before = set(children(web))
    secret.unlink()
    os.kill(web, signal.SIGHUP)
    new = eventually(lambda: set(children(web)) - before).pop()
    eventually(lambda: not runs(new))
    assert set(filter(runs, children(web))) == before
    assert shop.total() == 0
    secret.write_text("a password")
    eventually(lambda: before.isdisjoint(children(web)))
    assert shop.total() == 0


class _Slow(BaseHTTPRequestHandler):
    """A host of pictures that waits."""

    asked = threading.Event()
    may_answer = threading.Event()

    def do_GET(self) -> None:
        self.asked.set()
        self.may_answer.wait(60)
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.end_headers()
        self.wfile.write(jpeg("red"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def slow_picture() -> Iterator[str]:
    """The URL of a picture that comes when `_Slow.may_answer` is set."""
    _Slow.asked.clear()
    _Slow.may_answer.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Slow) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/slow.jpg"
        _Slow.may_answer.set()
        server.shutdown()


def is_refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, 5).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("command", ["serve", "up"])
def test_term_answers_what_was_asked_and_refuses_who_comes_later(
    commands: Commands, slow_picture: str, command: str
) -> None:
    shop = commands.serve(command)
    parts = urlsplit(shop.url)
    address = (str(parts.hostname), int(parts.port or 0))
    idle = HTTPConnection(*address, timeout=30)
    with ThreadPoolExecutor() as pool, closing(idle):
        idle.request("GET", "/healthz")
        assert b"ok" in idle.getresponse().read()
        answer = pool.submit(shop.call, "POST", "/v1/catalog/search", {"image_url": slow_picture})
        assert _Slow.asked.wait(30)
        commands.processes[0].terminate()
        eventually(lambda: is_refused(address), 10)
        assert idle.sock.recv(1) == b""  # closed, and not reset
        assert not answer.done()
        _Slow.may_answer.set()
        assert answer.result(30)["results"] == []
    assert commands.processes[0].wait(30) == 0


def test_a_connection_that_says_nothing_does_not_hold_up_the_end(commands: Commands) -> None:
    shop = commands.serve()
    parts = urlsplit(shop.url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 60) as silent:
        shop.total()
        commands.processes[0].terminate()
        try:
            status = commands.processes[0].wait(20)
        except subprocess.TimeoutExpired:
            pytest.fail("a client that says nothing held up the end")
        assert status == 0
        assert silent.recv(1) == b""
