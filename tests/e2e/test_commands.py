"""The commands as a user runs them: `up`, `serve`, `worker`, `setup`, `keys`, `demo` and more."""

from __future__ import annotations

import base64
import os
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from tests.e2e.harness import Commands, Shop, eventually
from tests.e2e.processes import child_that_runs, children, runs


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Commands]:
    """Commands with no Redis named, so that `up` brings its own."""
    made = Commands(tmp_path / "data", None)
    yield made
    made.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_serves_and_a_signal_stops_every_child(alone: Commands, number: int) -> None:
    shop = alone.serve("up")
    assert shop.total() == 0
    supervisor = alone.processes[0]
    started = children(supervisor.pid)
    assert len(started) == 3
    supervisor.send_signal(number)
    assert supervisor.wait(30) == 0
    assert not any(map(runs, started))


def test_a_second_start_finds_everything_again(alone: Commands) -> None:
    shop = alone.serve("up")
    product = {"title": "Mug", "image_url": "http://127.0.0.1:1/mug.jpg", "external_id": "mug"}
    shop.call("POST", "/v1/catalog/products", product)
    alone.end()
    again = alone.serve("up")
    assert again.key == ""  # the first key is shown once
    again.key = shop.key
    assert [each["external_id"] for each in again.products()] == ["mug"]


def test_a_child_that_dies_is_started_again(alone: Commands) -> None:
    alone.serve("up")
    supervisor = alone.processes[0].pid
    first = child_that_runs(supervisor, "workers")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: not runs(first))
    assert child_that_runs(supervisor, "workers") != first


def test_what_keeps_a_command_from_starting_is_one_sentence(
    alone: Commands, tmp_path: Path
) -> None:
    shop = alone.serve("up")
    port = shop.url.rpartition(":")[2]
    elsewhere = Commands(tmp_path / "other", None)
    file = tmp_path / "file"
    file.write_text("")
    nowhere = Commands(file / "data", None)
    typo = Commands(tmp_path / "other", None, fetch_allow="a b")
    redisless = Commands(tmp_path / "third", "redis://127.0.0.1:1")
    failures = {
        "No Redis answers": redisless.run("worker"),
        "Another Lookalike runs": alone.run("up", "--port", "0"),
        f"Cannot listen on 127.0.0.1:{port}": elsewhere.run("up", "--port", port),
        "LOOKALIKE_REDIS_URL is not set": elsewhere.run("serve", "--port", "0"),
        "LOOKALIKE_REDIS_URL is not set,": elsewhere.run("worker"),
        "cannot be": nowhere.run("up", "--port", "0"),
        "LOOKALIKE_FETCH_ALLOW": typo.run("up", "--port", "0"),
    }
    for words, failed in failures.items():
        assert failed.returncode == 1
        assert "Error: " in failed.stderr
        assert words in failed.stderr
        assert "Traceback" not in failed.stderr


def test_a_key_is_made_and_revoked_on_the_command_line(commands: Commands) -> None:
    shop = commands.serve()
    made = commands.run("keys", "create", "--label", "till", "--scope", "search")
    shop.key = made.stdout.strip()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        shop.total()
    listed = commands.run("keys", "list").stdout
    assert "till" in listed
    assert shop.key.split("_")[2] not in listed
    assert commands.run("keys", "revoke", shop.key.split("_")[1]).returncode == 0

    def refused() -> bool:
        try:
            shop.total()
        except urllib.error.HTTPError as error:
            return error.code == 401
        return False

    eventually(refused, 10)


def test_the_demo_answers_rightly_and_a_second_run_embeds_nothing(alone: Commands) -> None:
    first = alone.run("demo", "--once", "--port", "0")
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("✓") >= 5
    sheet = next(Path(alone.environment["LOOKALIKE_DATA_DIR"]).rglob("contact-sheet.png"))
    with Image.open(sheet) as image:
        assert image.width > 800
    key = next(word for word in first.stdout.split() if word.startswith("sk_"))
    listed = Commands(sheet.parent, None).run("keys", "list").stdout
    assert "revoked" in next(line for line in listed.splitlines() if key.split("_")[1] in line)
    second = alone.run("demo", "--once", "--port", "0")
    assert second.returncode == 0, second.stderr
    assert "200 products were embedded already" in second.stdout


def test_the_demo_takes_a_folder_of_one_s_own_pictures(alone: Commands, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for color in ("red", "green", "blue"):
        Image.new("RGB", (200, 200), color).save(photos / f"a_{color}-square.png")
    (photos / "broken.jpg").write_text("no picture")
    ended = alone.run("demo", "--once", "--photos", str(photos), "--port", "0")
    assert ended.returncode == 1  # one product failed, and the demo says which and why
    assert "broken.jpg" in ended.stdout
    assert "A red square" in ended.stdout


def test_the_demo_says_when_its_pictures_port_is_taken(alone: Commands) -> None:
    folder = Path(alone.environment["LOOKALIKE_DATA_DIR"]) / "demo" / "sample"
    folder.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (folder / "pictures.port").write_text(str(taken.getsockname()[1]))
        ended = alone.run("demo", "--once", "--port", "0")
    assert ended.returncode == 1
    assert "already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_setup_makes_an_installation_ready_once(commands: Commands, tmp_path: Path) -> None:
    file = tmp_path / "first-key"
    made = commands.run("setup", "--key-file", str(file))
    assert made.returncode == 0, made.stderr
    key = file.read_text().strip()
    assert file.stat().st_mode & 0o777 == 0o600
    assert key not in made.stdout
    again = commands.run("setup", "--key-file", str(file))
    assert (again.returncode, file.read_text().strip()) == (0, key)
    shop = Shop(commands.serve().url, key)
    assert shop.total() == 0


def test_setup_says_where_it_may_not_write_the_key(commands: Commands, tmp_path: Path) -> None:
    nowhere = commands.run("setup", "--key-file", str(tmp_path / "nowhere" / "first-key"))
    assert nowhere.returncode == 1
    assert "cannot be written" in nowhere.stderr
    assert "sk_" in commands.run("setup").stdout  # so the key was not made, and lost


def test_the_dashboard_wants_its_password(
    commands: Commands, tmp_path: Path, redis_client: Redis
) -> None:
    file = tmp_path / "password"
    file.write_text("short")
    assert "too short" in commands.run("dashboard", "--password-file", str(file)).stderr
    file.write_text("long enough for a test\n")
    queue = Queue("embed", connection=redis_client, serializer=JSONSerializer)
    queue.enqueue("workers.tasks.embed_owed")
    process = commands.start("dashboard", "--port", "0", "--password-file", str(file))
    assert process.stdout is not None
    url = process.stdout.readline().split()[1]

    def queues(password: str) -> tuple[int, str]:
        login = base64.b64encode(f"admin:{password}".encode()).decode()
        asked = urllib.request.Request(f"{url}/0/data/queues.json")
        asked.add_header("Authorization", f"Basic {login}")
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""

    def serves() -> bool:
        try:
            return queues("long enough for a test")[0] == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    eventually(serves)
    assert '"embed"' in queues("long enough for a test")[1]
    assert queues("wrong")[0] == 401
