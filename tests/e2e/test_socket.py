"""The web on a socket that systemd holds, by systemd's own tool for trying that."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from http.client import RemoteDisconnected
from urllib.error import URLError

import pytest

from tests.e2e.harness import Commands, eventually
from tests.servers.running import free_port


def test_the_web_serves_on_the_socket_that_systemd_passes(commands: Commands) -> None:
    tool = shutil.which("systemd-socket-activate")
    if tool is None:
        reason = "this needs systemd-socket-activate"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    port = free_port()
    passed = [f"--setenv={name}" for name in commands.environment if name.startswith("LOOKALIKE_")]
    process = subprocess.Popen(
        [
            tool,
            f"--listen=127.0.0.1:{port}",
            *passed,
            sys.executable,
            "-m",
            "lookalike.cli",
            "serve",
        ],
        env=commands.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    commands.processes.append(process)

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
                return bool(answer.status == 200)
        except (URLError, RemoteDisconnected):
            return False

    assert eventually(answers)
