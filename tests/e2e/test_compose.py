"""The compose file's own commands, in its own order, as processes: what its containers would do,
against real servers. And the image, as far as a virtual environment can be one."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import yaml

from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from tests.e2e.harness import Commands, Shop, eventually

ROOT = Path(__file__).parents[2]
PROFILES = {"elasticsearch", "cpu"}
ELSEWHERE = {"kibana-dashboards"}
"""What needs a server that is not to be had here; `tests/unit/kibana` has a stand-in for it."""

STAYING = {"web", "worker", "dashboard"}


def services_in_order() -> dict[str, dict[str, Any]]:
    """Our services of the default profiles, each after those that it waits for."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    active = {
        name: each for name, each in services.items() if set(each.get("profiles", [])) <= PROFILES
    }
    graph = {
        name: [other for other in each.get("depends_on", {}) if other in active]
        for name, each in active.items()
    }
    ordered = [name for name in TopologicalSorter(graph).static_order() if name not in ELSEWHERE]
    return {
        name: active[name] for name in ordered if active[name]["image"].startswith("lookalike:")
    }


def in_here(text: str, folder: Path) -> str:
    """A container's path, or a default of the environment file, as it is in the test."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    for inside in ("/run/secrets", "/data", "/models"):
        if text.startswith(inside):
            return str(folder / inside.strip("/")) + text.removeprefix(inside)
    return text


@pytest.fixture
def container(
    commands: Commands, tmp_path: Path, elasticsearch_url: str, triton_url: str
) -> Commands:
    """Commands in the environment of the file's services, with its servers' names replaced."""
    image = re.findall(r"(LOOKALIKE_\w+)=(\S+)", (ROOT / "Dockerfile").read_text())
    compose = services_in_order()["web"]["environment"]
    named = {name: in_here(value, tmp_path) for name, value in {**dict(image), **compose}.items()}
    secrets = tmp_path / "run" / "secrets"
    secrets.mkdir(parents=True)
    for name in ("elastic_password", "dashboard_password"):
        (secrets / name).write_text("correct horse battery staple")
    for volume in ("data", "models"):
        (tmp_path / volume).mkdir(exist_ok=True)
    servers = {
        "LOOKALIKE_INDEX_URL": f"elasticsearch+{elasticsearch_url}",
        "LOOKALIKE_INDEX_PREFIX": commands.environment["LOOKALIKE_INDEX_PREFIX"],
        "LOOKALIKE_REDIS_URL": commands.environment["LOOKALIKE_REDIS_URL"],
        "LOOKALIKE_TRITON_URL": triton_url,
    }
    assert servers.keys() - {"LOOKALIKE_INDEX_PREFIX"} <= named.keys()
    commands.environment |= named | servers | {"LOOKALIKE_HOST": "127.0.0.1"}
    commands.environment.pop("LOOKALIKE_METRICS_PORT", None)  # tests run beside each other
    return commands


@pytest.mark.parametrize("commands", ["elasticsearch"], indirect=True)
def test_the_services_come_up_in_their_order_and_do_their_work(
    container: Commands,
    tmp_path: Path,
    bagisto: list[CatalogueRow],
    picture_host: PictureHost,
) -> None:
    shop = Shop("", "")
    order = services_in_order()
    assert {"setup", "models", *STAYING} <= order.keys()
    for name, service in order.items():
        argv = [in_here(word, tmp_path) for word in service["command"][1:]]
        if name == "web":
            shop.url = container.serve(argv[0]).url
        elif name in STAYING:
            container.start(*argv, *(["--port", "0"] if name == "dashboard" else []))
        else:
            ran = container.run(*argv)
            assert ran.returncode == 0, f"{name}: {ran.stderr}"
    shop.key = (tmp_path / "data" / "first-key").read_text().strip()
    shop.upload(bagisto[:10], picture_host)
    eventually(lambda: shop.total("completed") == 10, 120)
    found = shop.call("POST", "/v1/catalog/search", {"query": bagisto[0].title})
    assert found["results"][0]["title"] == bagisto[0].title
    assert all(each.poll() is None for each in container.processes)
    assert (tmp_path / "models" / "clip_image" / "config.pbtxt").exists()


def test_the_images_steps_make_an_environment_in_which_the_commands_run(tmp_path: Path) -> None:
    """The first stage, step by step, with only what it copies at hand."""
    source, home = tmp_path / "source", tmp_path / "lookalike"
    source.mkdir()
    first_stage = (ROOT / "Dockerfile").read_text().split("\nFROM ")[1]
    for step in re.findall(r"^(COPY|RUN) ((?:.*\\\n)*.*)$", first_stage, re.MULTILINE):
        kind, words = step[0], step[1].replace("\\\n", " ").replace("/opt/lookalike", str(home))
        if kind == "COPY":
            *what, where = shlex.split(words)
            for each in what:
                copy(ROOT / each, source / where)
        else:
            line = words.replace("python -m venv", f"{sys.executable} -m venv")
            subprocess.run(["sh", "-ec", line], cwd=source, check=True, timeout=600)
    program = str(home / "bin" / "lookalike")
    helped = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    assert "serve" in helped.stdout
    environment = {"LOOKALIKE_DATA_DIR": str(tmp_path / "data"), "PATH": "/usr/bin:/bin"}
    ready = subprocess.run(
        [program, "setup"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "The catalogue is ready for mini" in ready.stdout, ready.stderr
    listed = subprocess.run(
        [str(home / "bin" / "python"), "-c", TEMPLATES], capture_output=True, text=True, check=True
    )
    assert "lookalike-products" in listed.stdout


TEMPLATES = """
from lookalike.index.elasticsearch import ElasticsearchDialect
from lookalike.index.engine.templates import index_templates
print(*index_templates(ElasticsearchDialect(), "lookalike"))
"""


def copy(what: Path, where: Path) -> None:
    """As Docker copies what its ignore file lets it see."""
    seen = (ROOT / ".dockerignore").read_text().splitlines()
    assert f"!{what.name}" in seen, f"{what.name} is not sent to Docker"
    if what.is_dir():
        shutil.copytree(
            what,
            where if where.name == what.name else where / what.name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    else:
        where.mkdir(exist_ok=True)
        shutil.copy(what, where)
