"""`lookalike models …` from the hub to a search, and the sentence where it cannot be done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pytest
from click.testing import CliRunner, Result

from lookalike.bootstrap import make_embedder, make_pack
from lookalike.cli import main
from lookalike.commands import models as commands
from lookalike.demo.manifest import write_manifest
from lookalike.demo.sample import draw_sample
from lookalike.embedding import packs
from lookalike.embedding.fitting import read_manifest
from lookalike.embedding.packing import hub as fetching
from lookalike.embedding.packing import known
from lookalike.embedding.packing.known import KNOWN, KnownExport
from lookalike.embedding.packing.library import Library
from lookalike.settings import Settings
from tests.servers.hub import Faults, Hub
from tests.unit.embedding.packing.conftest import CLIP, SIGLIP

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def small_catalogue(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The drawn catalogue takes ten seconds to draw; one test draws it."""
    monkeypatch.setattr(commands, "_drawn", lambda settings: manifest)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LOOKALIKE_DATA_DIR", str(tmp_path))
    return lambda *argv: CliRunner().invoke(main, ["models", *map(str, argv)])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def small_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The known names, of exports that are small."""
    small = {
        "clip-vit-b-32": KnownExport(
            repo=CLIP, dimensions=48, context=77, licence="MIT", about="small"
        ),
        "siglip2-base": KnownExport(
            repo=SIGLIP, dimensions=48, context=64, licence="Apache-2.0", about="small"
        ),
    }
    monkeypatch.setattr(known, "KNOWN", MappingProxyType(small))
    monkeypatch.setattr(commands, "KNOWN", MappingProxyType(small))


def refused(result: Result) -> str:
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    (sentence,) = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    return sentence


def test_the_known_names_are_those_of_the_documentation() -> None:
    page = (Path(__file__).parents[4] / "docs" / "models.md").read_text()
    for name, export in KNOWN.items():
        assert f"| `{name}` | {export.repo} | {export.dimensions} |" in page
        assert export.revision is None or export.revision in page


@pytest.mark.usefixtures("small_known")
@pytest.mark.parametrize("name", ["clip-vit-b-32", "siglip2-base"])
def test_from_the_hub_to_vectors(run: Run, hub: Hub, settings: Settings, name: str) -> None:
    pulled = run("pull", name)
    assert pulled.exit_code == 0, pulled.output
    assert f"{name} is ready: cosines of at least 1.00000" in pulled.output
    pack = make_pack(settings, name)
    assert hub.repositories[CLIP].commit in pack.source
    assert make_embedder(settings, pack).texts(["red mug"]).shape == (1, 48)
    assert f"{name} is good" in run("verify", name).output
    assert "here" in run("list").output
    assert not (settings.data_dir / "models/.downloads" / name).exists()
    assert run("remove", name).exit_code == 0
    assert "There is no model pack" in refused(run("verify", name))


def test_any_repository_by_its_name(run: Run, hub: Hub, settings: Settings) -> None:
    assert run("pull", CLIP).exit_code == 0
    assert make_pack(settings, "clip").licence == "mit"


@pytest.mark.usefixtures("small_known")
def test_a_download_that_breaks(run: Run, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.faults = Faults(break_after=60_000, breaks=1)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)
    assert run("pull", "clip-vit-b-32").exit_code == 0
    assert hub.ranges()


@pytest.mark.usefixtures("small_known")
def test_a_wrong_checksum_leaves_no_pack(run: Run, hub: Hub, tmp_path: Path) -> None:
    hub.faults.lies = {packs.VISION}
    assert "came with another checksum" in refused(run("pull", "clip-vit-b-32"))
    assert "There is no model pack" in refused(run("verify", "clip-vit-b-32"))
    assert not list((tmp_path / "models").glob(".making*"))


def test_an_unknown_name_and_an_unknown_repository(run: Run, hub: Hub) -> None:
    assert "Known are clip-vit-b-32, siglip2-base" in refused(run("pull", "clip"))
    assert "There is no model no/such on the hub" in refused(run("pull", "no/such"))
    assert "There is no model pack clip here" in refused(run("calibrate", "clip"))
    assert "There is no model pack clip here" in refused(run("remove", "clip"))
    assert "cannot be a pack's name" in refused(run("remove", "../clip"))


def test_a_name_that_is_taken(run: Run, clip: Path) -> None:
    assert run("add", clip, "--name", "one").exit_code == 0
    assert "There is a model pack one already" in refused(run("add", clip, "--name", "one"))
    assert "There is a model pack mini already" in refused(run("add", clip, "--name", "mini"))


@pytest.mark.parametrize("weights", ["float16", "int8"])
def test_smaller_weights(run: Run, siglip: Path, settings: Settings, weights: str) -> None:
    added = run("add", siglip, "--weights", weights, "--licence", "MIT")
    assert added.exit_code == 0, added.output
    assert ("judged in 8 bits" in added.output) == (weights == "int8")
    pack = make_pack(settings, "siglip")
    assert pack.licence == "MIT"
    assert pack.source.endswith(f"weights {weights}")


def test_a_folder_that_is_no_export(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "is no export in the layout" in refused(run("add", tmp_path / "empty"))


def test_the_built_in_pack_is_copied_and_calibrated(
    run: Run, settings: Settings, manifest: Path
) -> None:
    builtin = packs.builtin_pack_folder()
    assert "would change with each update" in refused(run("calibrate", "mini"))
    assert run("add", builtin, "--name", "my-mini").exit_code == 0
    before = make_pack(settings, "my-mini")
    calibrated = run("calibrate", "my-mini", "--manifest", manifest)
    assert calibrated.exit_code == 0, calibrated.output
    after = make_pack(settings, "my-mini")
    assert after.calibrations != before.calibrations
    assert after.digest == before.digest == make_pack(settings, "mini").digest
    assert "no golden vectors" in run("verify", "my-mini").output


@pytest.mark.parametrize("option", [("--weights", "int8"), ("--licence", "MIT")])
def test_a_finished_pack_is_not_made_into_another(run: Run, option: tuple[str, str]) -> None:
    added = run("add", packs.builtin_pack_folder(), "--name", "my-mini", *option)
    assert "holds a finished pack, which is copied as it is" in refused(added)
    assert "my-mini" not in run("list").output


def test_what_a_killed_process_left_half_made_goes(run: Run, clip: Path, tmp_path: Path) -> None:
    left = tmp_path / "models/.making-one/pack/onnx"
    left.mkdir(parents=True)
    (left / "vision_model.onnx").write_bytes(b"half")
    assert run("add", clip, "--name", "one").exit_code == 0
    assert "one is good" in run("verify", "one").output
    assert not list((tmp_path / "models").glob(".making*"))


def test_two_processes_do_not_make_one_pack(run: Run, clip: Path, tmp_path: Path) -> None:
    with Library(tmp_path / "models").making("one"):
        assert "being pulled or made already" in refused(run("add", clip, "--name", "one"))


def test_a_pack_that_was_changed_is_broken_in_the_list_and_refused(
    run: Run, clip: Path, settings: Settings
) -> None:
    assert run("add", clip, "--name", "one").exit_code == 0
    with (settings.data_dir / "models/one" / packs.TEXT).open("ab") as file:
        file.write(b"more")
    assert "one              broken" in run("list").output
    assert "is not the file that its pack names" in refused(run("verify", "one"))
    assert run("remove", "one").exit_code == 0


def test_a_pack_in_use_stays(run: Run, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("add", clip, "--name", "one").exit_code == 0
    monkeypatch.setenv("LOOKALIKE_MODEL_PACK", "one")
    assert "one is in use" in refused(run("remove", "one"))
    assert "one              in use" in run("list").output


def test_no_room(
    run: Run, hub: Hub, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    with monkeypatch.context() as small:
        small.setattr(fetching.shutil, "disk_usage", lambda _: usage)
        assert "There is no room for this pack" in refused(run("pull", CLIP))

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lookalike.embedding.packing.making.write_golden", full)
    assert "cannot be written to" in refused(run("add", clip))
    assert not list((tmp_path / "models").glob(".making*"))


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set"),
        ({}, "There is no model no/such on the hub"),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "The hub at http://127.0.0.1:9 does not give"),
    ],
)
def test_a_process_honours_the_hub_s_own_variables(
    hub: Hub, tmp_path: Path, environment: dict[str, str], words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lookalike.cli", "models", "pull", "no/such"],
        env=os.environ
        | {"HF_ENDPOINT": hub.url, "LOOKALIKE_DATA_DIR": str(tmp_path)}
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_drawn_catalogue_is_a_manifest_to_calibrate_with(tmp_path: Path) -> None:
    rows = draw_sample(tmp_path)[:6]
    read = read_manifest(write_manifest(rows, tmp_path))
    assert [row.picture for row in read] == [row.image for row in rows]
    assert read[0].facts.category_path == rows[0].category
    assert len({row.product for row in read}) == 3
