"""`lookalike doctor` on each engine: all well, and each thing that is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike.index.editions import Editions, opened
from lookalike.index.findings import Finding, Level
from lookalike.index.sqlite.editions import SqliteEditions
from tests.contract.editions import OLD
from tests.contract.harness import ENGINES, MEMORY_BYTES, connect, open_editions

on_servers = pytest.mark.parametrize("kind", ENGINES[1:], indirect=True)


@pytest.fixture(params=ENGINES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def editions(kind: str, server: str, prefix: str, tmp_path: Path) -> Iterator[Editions]:
    path = tmp_path / "catalogue.sqlite3"
    made: Editions = (
        open_editions(kind, server, prefix) if server else SqliteEditions(path, MEMORY_BYTES)
    )
    yield made
    made.close()


def findings(editions: Editions) -> dict[str, Finding]:
    """By what they are about, the worst of each."""
    found: dict[str, Finding] = {}
    for each in editions.examine(opened(editions, OLD)):
        if each.about not in found or each.level is not Level.OK:
            found[each.about] = each
    return found


def test_a_new_catalogue_is_well(kind: str, editions: Editions) -> None:
    found = findings(editions)
    if kind == "sqlite":
        assert {about: each.level for about, each in found.items()} == {
            "catalogue": Level.OK,
            "disk": Level.OK,
        }
        return
    # The servers of the tests run with their watermarks off, which is worth a word.
    found.pop("disk")
    assert {
        about: each.level for about, each in found.items() if about != "engine"
    } == dict.fromkeys(("templates", "scores", "shards", "clock"), Level.OK)
    assert kind in found["engine"].says


@on_servers
def test_a_template_that_drifted_is_found(
    kind: str, server: str, prefix: str, editions: Editions
) -> None:
    findings(editions)
    engine = connect(kind, server)
    name = f"{prefix}-products"
    there = engine.call("GET", f"/_component_template/{name}").body["component_templates"][0]
    body = {"template": there["component_template"]["template"]}
    body["template"]["mappings"]["properties"]["price"] = {"type": "long"}
    assert engine.call("PUT", f"/_component_template/{name}", body).status == 200
    found = findings(editions)["templates"]
    assert (found.level, name in found.says) == (Level.WARNING, True)
    engine.close()


@on_servers
def test_a_check_up_leaves_nothing_behind(
    kind: str, server: str, prefix: str, editions: Editions
) -> None:
    findings(editions)
    engine = connect(kind, server)
    assert "checkup" not in str(engine.call("GET", f"/{prefix}-*").body)
    engine.close()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_damaged_file_is_found(editions: Editions, tmp_path: Path) -> None:
    findings(editions)
    editions.close()
    path = tmp_path / "catalogue.sqlite3"
    whole = bytearray(path.read_bytes())
    whole[8192 * 4 : 8192 * 9] = b"\x55" * (8192 * 5)
    path.write_bytes(bytes(whole))
    damaged = SqliteEditions(path, MEMORY_BYTES)
    found = list(damaged.examine(opened(damaged, OLD)))
    assert (found[0].level, "backup" in found[0].says) == (Level.ERROR, True)
    damaged.close()
