"""`docker-compose.yml`, as far as it can be checked without Docker: by Compose's own loader, and
held to the settings, the commands and the scripts that it names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
import yaml

from lookalike.cli import main
from lookalike.settings import FROM_FILE, Settings, read_settings, variable

ROOT = Path(__file__).parents[2]
LOADER = "github.com/compose-spec/compose-go/v2/cmd@v2.9.1"
PROFILES = {"elasticsearch", "opensearch", "cpu", "gpu", "observe"}


def dotenv() -> dict[str, str]:
    lines = (ROOT / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return made


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = compose["services"]
    return made


def test_composes_own_loader_accepts_it(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        reason = "this needs Go, which runs Compose's loader"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    done = subprocess.run(
        [str(go), "run", LOADER, "docker-compose.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "not set" not in done.stderr, done.stderr
    wrong = (ROOT / "docker-compose.yml").read_text().replace("restart: unless", "restarts: unless")
    (tmp_path / "wrong.yml").write_text(wrong)
    refused = subprocess.run(
        [str(go), "run", LOADER, str(tmp_path / "wrong.yml")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert refused.returncode != 0


def test_the_defaults_are_those_of_the_environment_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", text))
    assert defaults == {k: v for k, v in dotenv().items() if k != "COMPOSE_PROFILES"}


def test_every_image_is_pinned(services: dict[str, Any]) -> None:
    for name, service in services.items():
        image, _, tag = service["image"].rpartition(":")
        assert image, name
        assert re.search(r"\d+\.\d+", tag), f"{name}: {service['image']}"
    for base in re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        assert re.search(r":\d+\.\d+\.\d+-", base), base


def test_only_the_webs_port_is_published_beyond_this_machine(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for port in service.get("ports", []):
            assert name == "web" or port.startswith("127.0.0.1:"), f"{name}: {port}"


def test_every_service_is_limited(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert "mem_limit" in service, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_ours_write_only_where_they_should(services: dict[str, Any]) -> None:
    ours = [each for each in services.values() if each["image"].startswith("lookalike:")]
    assert len(ours) == 8
    assert all(each["read_only"] for each in ours)


def test_every_variable_is_a_setting_that_can_be_used(
    services: dict[str, Any], tmp_path: Path
) -> None:
    known = {variable(name) for name in Settings.__dataclass_fields__}
    secret = tmp_path / "secret"
    secret.write_text("x")
    for service in services.values():
        given = {
            name: re.sub(r"\$\{(\w+):-[^}]*\}", lambda found: dotenv()[found[1]], value)
            for name, value in service.get("environment", {}).items()
            if name.startswith("LOOKALIKE_")
        }
        assert {name.removesuffix(FROM_FILE) for name in given} <= known
        read_settings({k: str(secret) if k.endswith(FROM_FILE) else v for k, v in given.items()})


def test_every_command_is_one_of_ours_with_its_options(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if not service["image"].startswith("lookalike:"):
            continue
        program, *words = service["command"]
        assert program == "lookalike"
        command: click.Command = main
        while words and isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
        context = click.Context(command, info_name=name, resilient_parsing=True)
        options = {option for each in command.params for option in each.opts}
        assert {word for word in words if word.startswith("--")} <= options, name
        assert context.command is command


def test_each_engines_dashboards_are_imported_where_they_are_shown(
    services: dict[str, Any],
) -> None:
    """By a service that ends, of the same profile, that nothing waits for."""
    importing = {
        name: service
        for name, service in services.items()
        if service.get("command", [])[:2] == ["lookalike", "kibana"]
    }
    shown = {
        name for name, each in services.items() if re.search("kibana/|-dashboards:", each["image"])
    }
    assert {urlsplit(each["command"][2]).hostname for each in importing.values()} == shown
    for name, service in importing.items():
        host, port = urlsplit(service["command"][2]).netloc.split(":")
        assert services[host]["ports"] == [f"127.0.0.1:5601:{port}"]
        assert (service["profiles"], service["restart"]) == (
            services[host]["profiles"],
            "on-failure",
        )
        assert service["depends_on"].keys() == {host}
        assert not any(name in each.get("depends_on", {}) for each in services.values())


def test_secrets_are_made_by_the_script(compose: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    environment = os.environ | {"SECRETS": str(folder)}
    for _ in range(2):  # the second time nothing changes
        subprocess.run([str(ROOT / "bin" / "secrets")], env=environment, check=True)
    files = {each.name: each for each in folder.iterdir()}
    assert set(files) == set(compose["secrets"])
    assert all(each.stat().st_mode & 0o777 == 0o600 for each in files.values())
    assert len({each.read_text() for each in files.values()}) == len(files)
    assert all(len(each.read_text()) == 32 for each in files.values())


def test_profiles_and_mounted_files_are_there(services: dict[str, Any]) -> None:
    named = {profile for each in services.values() for profile in each.get("profiles", [])}
    assert named == PROFILES
    assert set(dotenv()["COMPOSE_PROFILES"].split(",")) <= PROFILES
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (ROOT / source).exists(), f"{name}: {source}"


def test_what_a_service_waits_for_can_be_there(services: dict[str, Any]) -> None:
    """Compose refuses a service that waits for one of a profile that is off."""
    for name, service in services.items():
        waits = service.get("depends_on", {})
        for other in waits:
            required = isinstance(waits, list) or waits[other].get("required", True)
            theirs = set(services[other].get("profiles", []))
            ours = set(service.get("profiles", []))
            assert not required or not theirs or ours <= theirs, f"{name} waits for {other}"
