"""The systemd units, as far as they can be checked without running them: by systemd's own reader,
and held to the commands and the settings that they name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import click
import pytest

from lookalike.cli import main
from lookalike.running.server import graceful_s
from lookalike.settings import FROM_FILE, Settings, read_settings, variable

UNITS = Path(__file__).parents[2] / "systemd"
PROGRAM = "/opt/lookalike/bin/lookalike"
SINCE_254 = {"RestartSteps", "RestartMaxDelaySec"}
"""Keys that an older systemd ignores, saying so."""


def said(file: Path) -> dict[str, list[str]]:
    """What a unit says, by key."""
    found = defaultdict(list)
    for key, value in re.findall(r"^(\w+)=(.*)$", file.read_text(), re.MULTILINE):
        found[key].append(value)
    return found


def services() -> list[Path]:
    return sorted(UNITS.glob("*.service"))


def drop_ins() -> list[Path]:
    return sorted(UNITS.glob("lookalike-.service.d/*.conf"))


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    verifier = shutil.which("systemd-analyze")
    if verifier is None:
        reason = "this needs systemd-analyze"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    ours = shutil.which("lookalike", path=Path(sys.executable).parent)
    assert ours, "the command is not installed"
    for file in tmp_path.glob("*.service"):
        file.write_text(file.read_text().replace(PROGRAM, ours))
    named = ["lookalike-web.service", "lookalike-worker@1.service", "lookalike.target"]
    done = subprocess.run(
        [verifier, "verify", "--man=no", *(str(tmp_path / name) for name in named)],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    complaints = [
        line
        for line in done.stderr.splitlines()
        if str(tmp_path) in line and not any(f"'{key}'" in line for key in SINCE_254)
    ]
    assert (done.returncode, complaints) == (0, []), done.stderr


def test_every_command_is_one_of_ours_with_its_options() -> None:
    for file in services():
        (started,) = said(file)["ExecStart"]
        program, name, *words = started.split()
        assert program == PROGRAM
        options = {option for each in main.commands[name].params for option in each.opts}
        assert {word for word in words if word.startswith("--")} <= options, file.name
        assert isinstance(main.commands[name], click.Command)


def test_every_variable_is_a_setting_that_can_be_used(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    lines = (UNITS / "environment.example").read_text().splitlines()
    lines += [line for file in drop_ins() for line in said(file)["Environment"]]
    given = dict(line.split("=", 1) for line in lines if line.startswith("LOOKALIKE_"))
    known = {variable(name) for name in Settings.__dataclass_fields__}
    assert {name.removesuffix(FROM_FILE) for name in given} <= known
    read_settings({k: str(secret) if k.endswith(FROM_FILE) else v for k, v in given.items()})


def test_a_service_is_given_the_time_that_it_needs_to_end() -> None:
    (common,) = (file for file in drop_ins() if "common" in file.name)
    (stop,) = said(common)["TimeoutStopSec"]
    assert int(stop) > graceful_s(Settings()) + 5


def test_the_socket_is_the_one_that_the_web_would_bind() -> None:
    (stream,) = said(UNITS / "lookalike-web.socket")["ListenStream"]
    assert stream == f"{Settings().host}:{Settings().port}"
