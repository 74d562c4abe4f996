"""What `docs/backup.md` says is done to the letter: its own commands, on real servers."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from lookalike.running.folder import claim_catalogue
from tests.contract.harness import connect, remove
from tests.e2e.harness import Commands, Shop, eventually
from tests.e2e.processes import has_open

PAGE = (Path(__file__).parents[2] / "docs" / "backup.md").read_text()
PATIENT = {"LOOKALIKE_LEASE_S": "2"}


def commands_of(heading: str) -> list[str]:
    """The commands that the page gives under a heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    return [
        each.replace("\\\n", " ").strip()
        for block in blocks
        for each in re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE)
    ]


@pytest.fixture
def prefix(elasticsearch_url: str) -> Iterator[str]:
    made = f"t{secrets.token_hex(6)}"
    yield made
    remove("elasticsearch", elasticsearch_url, made)


def found(shop: Shop, id: str) -> Any:
    asked = {"product_id": id, "similarity_threshold": 0, "max_results": 5}
    return shop.call("POST", "/v1/catalog/search", asked)["results"]


def catalogue_of(commands: Commands) -> Path:
    return Path(commands.environment["LOOKALIKE_DATA_DIR"], "catalogue.sqlite3")


def stop(commands: Commands) -> None:
    """Ends all that was started."""
    commands.end()
    commands.processes.clear()


def test_the_embedded_index_is_copied_while_it_runs_and_restored(
    commands: Commands, bagisto: list[CatalogueRow], picture_host: PictureHost, tmp_path: Path
) -> None:
    commands.environment |= PATIENT
    shop = commands.serve()
    worker = commands.worker()
    shop.upload(bagisto[:10], picture_host)
    eventually(lambda: shop.total("completed") == 10)
    worker.terminate()
    worker.wait()
    shop.upload(bagisto[10:15], picture_host)
    one = shop.products()[-1]["id"]
    before = found(shop, one)
    assert len(before) == 5

    [line] = commands_of("The embedded index")
    file, copy = tmp_path / "data" / "catalogue.sqlite3", tmp_path / "backup.sqlite3"
    argv = [*shlex.split(line)[:-2], str(file), str(copy)]
    assert subprocess.run(argv, check=False).returncode == 0
    shop.call("DELETE", f"/v1/catalog/products/{one}")
    stop(commands)
    for each in file.parent.glob("catalogue.sqlite3*"):
        each.unlink()
    copy.rename(file)

    again = Shop(commands.serve().url, shop.key)
    assert found(again, one) == before
    assert (again.total("completed"), again.total("pending")) == (10, 5)
    commands.worker()
    eventually(lambda: again.total("completed") == 15)


@pytest.mark.parametrize("commands", ["elasticsearch", "opensearch"], indirect=True)
def test_an_engine_that_lost_everything_is_restored_from_its_snapshot(
    commands: Commands,
    bagisto: list[CatalogueRow],
    picture_host: PictureHost,
) -> None:
    commands.environment |= PATIENT
    kind, _, url = commands.environment["LOOKALIKE_INDEX_URL"].partition("+")
    prefix = commands.environment["LOOKALIKE_INDEX_PREFIX"]
    shop = commands.serve()
    worker = commands.worker()
    shop.upload(bagisto[:10], picture_host)
    eventually(lambda: shop.total("completed") == 10)
    worker.terminate()
    worker.wait()
    shop.upload(bagisto[10:15], picture_host)
    one = shop.products()[-1]["id"]
    before = found(shop, one)
    assert len(before) == 5
    make, snapshot, restore, setup = commands_of("Elasticsearch and OpenSearch")

    done(url, make, "/backups/lookalike", snapshots_of(kind, url) + "/" + prefix)
    done(url, snapshot, "lookalike-", f"{prefix}-")
    stop(commands)
    remove(kind, url, prefix)
    done(url, restore, "lookalike-", f"{prefix}-")
    assert commands.run(*shlex.split(setup, comments=True)[1:]).returncode == 0

    assert httpx2.get(f"{url}/_index_template/{prefix}-products").status_code == 200

    again = Shop(commands.serve().url, shop.key)
    assert found(again, one) == before
    assert (again.total("completed"), again.total("pending")) == (10, 5)
    commands.worker()
    eventually(lambda: again.total("completed") == 15)
    assert commands.run("doctor").returncode == 0
    httpx2.delete(f"{url}/_snapshot/backups/monday", timeout=60)
    httpx2.delete(f"{url}/_snapshot/backups", timeout=60)


def done(url: str, line: str, ours: str, theirs: str) -> None:
    """Runs a command of the page, on this engine and this test's names."""
    argv = shlex.split(line.replace("$ENGINE", url).replace(ours, theirs))
    ran = subprocess.run([*argv, "--silent", "--fail-with-body"], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout


def snapshots_of(kind: str, url: str) -> str:
    """The folder that the test's engine allows for snapshots."""
    engine = connect(kind, url)
    settings = engine.call("GET", "/_nodes/settings").body["nodes"]
    engine.close()
    [node] = settings.values()
    path = node["settings"]["path"]["repo"]  # a list of one, or the one
    return str(path[0] if isinstance(path, list) else path)


def test_the_catalogue_moves_to_an_engine_by_the_command(
    commands: Commands,
    bagisto: list[CatalogueRow],
    picture_host: PictureHost,
    elasticsearch_url: str,
    prefix: str,
) -> None:
    commands.environment |= PATIENT | {"LOOKALIKE_INDEX_PREFIX": prefix}
    shop = commands.serve()
    worker = commands.worker()
    shop.upload(bagisto[:10], picture_host)
    eventually(lambda: shop.total("completed") == 10)
    worker.terminate()
    worker.wait()
    shop.upload(bagisto[10:15], picture_host)
    one = shop.products()[-1]["id"]
    before = found(shop, one)
    stop(commands)

    engine = f"elasticsearch+{elasticsearch_url}"
    moved = commands.run("move", "--to", engine)
    assert moved.returncode == 0, moved.stderr
    assert moved.stdout.startswith("15 products of 1 tenants are moved")
    commands.environment["LOOKALIKE_INDEX_URL"] = engine
    again = Shop(commands.serve().url, shop.key)
    assert [each["id"] for each in found(again, one)] == [each["id"] for each in before]
    assert (again.total("completed"), again.total("pending")) == (10, 5)
    commands.worker()
    eventually(lambda: again.total("completed") == 15)


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("http://localhost:9200", "must be sqlite"),
        ("elasticsearch+http://127.0.0.1:1", "does not answer"),
    ],
)
def test_a_move_that_cannot_be_is_one_sentence(commands: Commands, to: str, says: str) -> None:
    commands.serve()
    stop(commands)
    refused = commands.run("move", "--to", to)
    assert refused.returncode == 1
    assert says in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("command", ["up", "serve", "worker"])
def test_nothing_is_moved_while_the_service_runs(commands: Commands, command: str) -> None:
    commands.serve("up" if command == "up" else "serve")
    if command == "worker":
        worker, lock = commands.worker(), catalogue_of(commands).with_suffix(".sqlite3.lock")
        eventually(lambda: has_open(worker.pid, lock))
        commands.processes[0].terminate()
        commands.processes[0].wait(30)
    refused = commands.run("move", "--to", "elasticsearch+http://127.0.0.1:1")
    assert refused.returncode == 1
    assert "is in use. Stop every" in refused.stderr


def test_where_nothing_is_there_is_nothing_to_move(commands: Commands) -> None:
    refused = commands.run("move", "--to", "elasticsearch+http://127.0.0.1:1")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: There is no catalogue at ")


def test_nothing_starts_while_the_catalogue_is_moved(commands: Commands) -> None:
    commands.serve()
    stop(commands)
    lock = claim_catalogue(catalogue_of(commands))
    try:
        for command in ("up", "serve", "worker"):
            refused = commands.run(command)
            assert refused.returncode == 1
            assert "is being moved to an engine" in refused.stderr
            assert "Traceback" not in refused.stderr
    finally:
        os.close(lock)
