"""Settings from the environment, and secrets from files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lookalike.errors import Misconfigured
from lookalike.settings import read_settings


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    settings = read_settings({"LOOKALIKE_INDEX_PASSWORD_FILE": str(file)})
    assert settings.index_password == "s3cret"
    assert "s3cret" not in repr(settings)


def test_a_secret_is_given_once(tmp_path: Path) -> None:
    named = {"LOOKALIKE_INDEX_API_KEY": "a", "LOOKALIKE_INDEX_API_KEY_FILE": str(tmp_path)}
    with pytest.raises(Misconfigured, match="both set"):
        read_settings(named)


def test_a_file_that_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        read_settings({"LOOKALIKE_INDEX_PASSWORD_FILE": str(tmp_path / "nowhere")})


def test_only_secrets_stand_in_files(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="LOOKALIKE_PORT_FILE is not a setting"):
        read_settings({"LOOKALIKE_PORT_FILE": str(tmp_path)})


def test_the_web_has_a_process_a_core_within_bounds() -> None:
    assert read_settings({}).web_processes == min(max(os.cpu_count() or 1, 2), 4)
    assert read_settings({"LOOKALIKE_WEB_PROCESSES": "1"}).web_processes == 1
