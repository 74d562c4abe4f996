"""Exports come from the hub whole, or not at all; what was fetched is not fetched again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import huggingface_hub.constants
import pytest
from huggingface_hub import file_download

from lookalike.embedding import packs
from lookalike.embedding.packing import hub as fetching
from lookalike.embedding.packing.hub import Fetched, fetch
from lookalike.embedding.packing.library import alone
from lookalike.errors import Misconfigured
from tests.servers.hub import Faults, Hub
from tests.unit.embedding.packing.conftest import CLIP


class Shown(NamedTuple):
    """What a bar showed: a file, its size, what was here at first, and what came."""

    name: str
    total: int
    here: int
    came: list[float]


class Bars:
    def __init__(self) -> None:
        self.shown: list[Shown] = []

    @contextmanager
    def __call__(self, name: str, total: int, here: int) -> Iterator[Bars]:
        self.shown.append(Shown(name, total, here, []))
        yield self

    def update(self, n: float) -> None:
        self.shown[-1].came.append(n)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files in many pieces, and no waiting between tries."""
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    monkeypatch.setattr(file_download, "time", SimpleNamespace(sleep=lambda _: None))


def pull(into: Path, repo: str = CLIP, revision: str | None = None, **sums: str) -> Fetched:
    named = {name.replace("__", "/"): each for name, each in sums.items()}
    return fetch(repo, revision, into, Bars(), named)


def refusal(into: Path, repo: str = CLIP, revision: str | None = None) -> str:
    with pytest.raises(Misconfigured) as refused:
        pull(into, repo, revision)
    return refused.value.detail


def test_an_export_comes_with_its_commit_and_licence(hub: Hub, clip: Path, tmp_path: Path) -> None:
    bars = Bars()
    fetched = fetch(CLIP, None, tmp_path, bars)
    assert (fetched.commit, fetched.licence) == (hub.repositories[CLIP].commit, "mit")
    for name in packs.FILES:
        assert (fetched.folder / name).read_bytes() == (clip / name).read_bytes()
    assert not list(tmp_path.rglob("*.part"))
    for each in bars.shown:
        assert sum(each.came) == each.total == (clip / each.name).stat().st_size


def test_only_what_a_pack_needs_is_fetched(hub: Hub, clip: Path, tmp_path: Path) -> None:
    more = Path(shutil.copytree(clip, tmp_path / "more"))
    (more / "model.safetensors").write_bytes(b"weights")
    (more / "onnx/vision_model_fp16.onnx").write_bytes(b"weights")
    hub.repositories[CLIP].folder = more
    pull(tmp_path / "into")
    assert not any("safetensors" in path or "fp16" in path for _, path, _ in hub.requests)


def test_a_second_call_fetches_nothing(hub: Hub, tmp_path: Path) -> None:
    pull(tmp_path)
    before = len(hub.requests)
    pull(tmp_path)
    assert [path for _, path, _ in hub.requests[before:]] == [f"/api/models/{CLIP}"]


def test_a_download_that_breaks_goes_on_by_itself(hub: Hub, clip: Path, tmp_path: Path) -> None:
    hub.faults = Faults(break_after=100_000, breaks=2)
    fetched = pull(tmp_path)
    whole = (clip / packs.VISION).read_bytes()
    assert (fetched.folder / packs.VISION).read_bytes() == whole
    # The hub's client may drop the last piece that it had; it never begins anew.
    assert hub.ranges()
    assert all(0 < int(asked.removeprefix("bytes=")[:-1]) < len(whole) for asked in hub.ranges())


def test_a_download_that_was_given_up_goes_on_at_the_next_call(
    hub: Hub, clip: Path, tmp_path: Path
) -> None:
    hub.faults = Faults(break_after=60_000, breaks=1000, stays_away=True)
    assert "Try again: what is here already is kept" in refusal(tmp_path)
    (part,) = tmp_path.rglob("*.part")
    kept = part.stat().st_size
    assert 0 < kept <= 60_000
    hub.faults = Faults()
    fetched = pull(tmp_path)
    assert f"bytes={kept}-" in hub.ranges()
    assert (fetched.folder / packs.VISION).read_bytes() == (clip / packs.VISION).read_bytes()


def test_a_wrong_checksum_is_refused_and_nothing_of_it_stays(hub: Hub, tmp_path: Path) -> None:
    hub.faults.lies = {packs.TEXT}
    assert f"{packs.TEXT} of {CLIP} came with another checksum" in refusal(tmp_path)
    assert not list(tmp_path.rglob("text_model.onnx*"))
    hub.faults.lies = set()
    assert (pull(tmp_path).folder / packs.TEXT).is_file()


def test_a_small_file_is_checked_too(hub: Hub, tmp_path: Path) -> None:
    hub.faults.lies = {packs.PREPROCESSOR}
    assert f"{packs.PREPROCESSOR} of {CLIP} came with another checksum" in refusal(tmp_path)


def test_a_file_other_than_the_known_one_is_refused_whatever_the_hub_says(
    hub: Hub, tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured, match="another checksum"):
        fetch(CLIP, None, tmp_path, Bars(), {packs.TOKENIZER: "0" * 64})


def test_half_a_file_of_something_else_is_noticed(hub: Hub, tmp_path: Path) -> None:
    part = tmp_path / hub.repositories[CLIP].commit / f"{packs.VISION}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert "another checksum" in refusal(tmp_path)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"x" * 10_000_000)
    assert (pull(tmp_path).folder / packs.VISION).is_file()


def test_an_unknown_repository_and_an_unknown_commit(hub: Hub, tmp_path: Path) -> None:
    assert "There is no model maker/nothing on the hub" in refusal(tmp_path, "maker/nothing")
    assert f"{CLIP} has no revision v9" in refusal(tmp_path, revision="v9")
    assert "There is no model no/name/at/all" in refusal(tmp_path, "no/name/at/all")


def test_a_repository_without_graphs(hub: Hub, clip: Path, tmp_path: Path) -> None:
    bare = Path(shutil.copytree(clip, tmp_path / "bare"))
    (bare / packs.TEXT).unlink()
    hub.repositories[CLIP].folder = bare
    assert f"{CLIP} has no {packs.TEXT}" in refusal(tmp_path / "into")


def test_no_room(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=100_000)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: usage)
    assert "There is no room for this pack" in refusal(tmp_path)


def test_a_full_disk_half_way(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetching, "http_get", full)
    assert "cannot be stored (No space left on device). Make room" in refusal(tmp_path)


def test_offline(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    huggingface_hub.close_session()
    assert "HF_HUB_OFFLINE is set" in refusal(tmp_path)
    huggingface_hub.close_session()


def test_two_pulls_of_one_pack_do_not_meet(hub: Hub, tmp_path: Path) -> None:
    with alone(tmp_path):
        assert "being pulled or made already" in refusal(tmp_path)


def test_a_mirror_that_names_no_commit(hub: Hub, tmp_path: Path) -> None:
    hub.repositories[CLIP].commit = "../../elsewhere"
    assert "names no commit" in refusal(tmp_path)
