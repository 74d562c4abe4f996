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


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("\n")
    with pytest.raises(Misconfigured, match="which is empty"):
        read_settings({"LOOKALIKE_INDEX_PASSWORD_FILE": str(file)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INDEX_URL", "elasticsearch+http://elastic:s3cret@host:9200"),
        ("INDEX_URL", "elasticsearch+http://:s3cret@host:9200"),
        ("INDEX_URL", "elasticsearch+http://elastic:s3cret/7@host:9200"),
        ("INDEX_URL", "https://elastic:s3cret@host:9200"),
        ("INDEX_URL", "elastic:s3cret@host"),
        ("INDEX_URL", "https://host:9200/?password=s3cret"),
        ("REDIS_URL", "http://:s3cret@host:6379"),
        ("REDIS_URL", "redis://:s3cret/7@host:6379"),
        ("TRITON_URL", "http://user:s3cret@host:8001"),
    ],
)
def test_what_cannot_be_used_is_said_without_its_password(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"LOOKALIKE_{name}=.* must ") as refused:
        read_settings({f"LOOKALIKE_{name}": value})
    assert "s3cret" not in str(refused.value)
    assert "s3cret" not in refused.value.detail


@pytest.mark.parametrize("value", ["many", "0", "1e3", "65537"])
def test_a_number_that_is_none_is_said_so(value: str) -> None:
    with pytest.raises(Misconfigured, match=f"'{value}' cannot be used: it must be "):
        read_settings({"LOOKALIKE_WEB_THREADS": value})


def test_only_secrets_stand_in_files(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="LOOKALIKE_PORT_FILE is not a setting"):
        read_settings({"LOOKALIKE_PORT_FILE": str(tmp_path)})


def test_the_web_has_a_process_a_core_within_bounds() -> None:
    assert read_settings({}).web_processes == min(max(os.cpu_count() or 1, 2), 4)
    assert read_settings({"LOOKALIKE_WEB_PROCESSES": "1"}).web_processes == 1
