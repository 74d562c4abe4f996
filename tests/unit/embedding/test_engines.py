"""The build of TensorRT engines, with a stand-in for `trtexec`: when it builds, with what, and what
it refuses. What the real one does is seen on a GPU only."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lookalike.embedding import engines
from lookalike.embedding.engines import CannotBuild
from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import Pack
from lookalike.embedding.repository import Kind, write_repository
from lookalike.embedding.towers import version

TRTEXEC = """#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
asked = dict(each.partition("=")[::2] for each in sys.argv[1:])
if "--help" in asked:
    sys.exit(print("RUNNING TensorRT.trtexec [TensorRT v" + (here / "version").read_text() + "]"))
with (here / "calls").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
if "--onnx" in asked:
    half = "--fp16" in asked or asked["--onnx"].endswith("_float16.onnx")
    made = "fp16" if half else "fp32"
    if made in (here / "impossible").read_text().split():
        sys.exit("Error[4]: no kernel image")
    pathlib.Path(asked["--saveEngine"]).write_text(made)
else:
    plan = pathlib.Path(asked["--loadInputs"].partition(":")[2]).with_name("engine.json")
    plan = json.loads(plan.read_text())
    values = [value for row in plan["vectors"] for value in row]
    if pathlib.Path(asked["--loadEngine"]).read_text() in (here / "coarse").read_text().split():
        values = values[1:] + values[:1]
    answer = [{{"name": plan["output"], "dimensions": "8x256", "values": values}}]
    pathlib.Path(asked["--exportOutput"]).write_text(json.dumps(answer))
"""
SMI = "#!{python}\nimport pathlib; print((pathlib.Path(__file__).parent / 'gpu').read_text())"


@dataclass
class Machine:
    """A stand-in for a GPU machine: files in a folder say what its tools answer."""

    tools: Path

    def has(self, **files: str) -> None:
        for name, text in files.items():
            (self.tools / name).write_text(text)

    def built(self) -> list[list[str]]:
        """The arguments of each build since the last time this was asked."""
        calls = self.tools / "calls"
        said = [json.loads(line) for line in calls.read_text().splitlines()]
        calls.write_text("")
        return [argv for argv in said if any(each.startswith("--onnx") for each in argv)]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("trtexec", TRTEXEC), ("nvidia-smi", SMI)):
        (tools / name).write_text(text.format(python=sys.executable))
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    made = Machine(tools)
    made.has(version="101300", gpu="NVIDIA L4, 8.9", coarse="", calls="", impossible="")
    return made


@pytest.fixture
def repository(pack: Pack, embedder: OnnxEmbedder, tmp_path: Path) -> Path:
    write_repository(pack, tmp_path / "models", Kind.ENGINE, embedder)
    return tmp_path / "models"


def engine(repository: Path, pack: Pack) -> Path:
    return repository / "clip_image" / str(version(pack)) / "model.plan"


def test_engines_are_built_with_the_shapes_of_their_batches(
    machine: Machine, repository: Path, pack: Pack
) -> None:
    engines.main(repository)
    image, text = machine.built()
    for option in ("min", "opt", "max"):
        rows = {"min": 1, "opt": 16, "max": 32}[option]
        assert f"--{option}Shapes=pixels:{rows}x160x160x3" in image
        assert f"--{option}Shapes=input_ids:{rows}x32" in text
    assert "--fp16" in image
    assert engine(repository, pack).read_text() == "fp16"


def test_tensorrt_11_has_no_option_for_half_precision_and_gets_a_graph_in_it(
    machine: Machine, repository: Path, pack: Pack
) -> None:
    machine.has(version="110000")
    engines.main(repository)
    for argv in machine.built():
        assert "--fp16" not in argv
        assert argv[0].endswith(engines.HALF_GRAPH)
    assert engine(repository, pack).read_text() == "fp16"


def test_what_was_built_here_for_this_pack_is_not_built_again(
    machine: Machine, repository: Path
) -> None:
    engines.main(repository)
    machine.built()
    engines.main(repository)
    assert machine.built() == []


@pytest.mark.parametrize("change", [{"version": "101401"}, {"gpu": "NVIDIA H200, 9.0"}])
def test_another_version_or_gpu_builds_anew(
    machine: Machine, repository: Path, change: dict[str, str]
) -> None:
    engines.main(repository)
    machine.built()
    machine.has(**change)
    engines.main(repository)
    assert len(machine.built()) == 2


def test_another_pack_or_a_damaged_engine_builds_anew(
    machine: Machine, repository: Path, pack: Pack
) -> None:
    engines.main(repository)
    machine.built()
    engine(repository, pack).write_text("half of it")
    plan = json.loads((repository / "clip_text" / engines.PLAN).read_text())
    (repository / "clip_text" / engines.PLAN).write_text(json.dumps(plan | {"pack_digest": "0"}))
    engines.main(repository)
    assert len(machine.built()) == 2


@pytest.mark.parametrize("version", ["101300", "110000"])
@pytest.mark.parametrize("fault", ["coarse", "impossible"])
def test_a_model_for_which_half_precision_is_too_coarse_or_impossible_gets_all_of_it(
    machine: Machine, repository: Path, pack: Pack, fault: str, version: str
) -> None:
    machine.has(version=version, **{fault: "fp16"})
    engines.main(repository)
    assert engine(repository, pack).read_text() == "fp32"


def test_a_model_of_which_no_engine_can_be_built_is_one_sentence_and_what_trtexec_said(
    machine: Machine, repository: Path, pack: Pack
) -> None:
    machine.has(impossible="fp16 fp32")
    with pytest.raises(CannotBuild, match=r"not build the engine of clip_image:\s.*no kernel"):
        engines.main(repository)
    assert not engine(repository, pack).exists()


def test_an_engine_that_gives_other_vectors_is_not_used(
    machine: Machine, repository: Path, pack: Pack
) -> None:
    engines.main(repository)
    machine.has(coarse="fp16 fp32", version="101401")
    with pytest.raises(CannotBuild, match="other vectors than ONNX Runtime"):
        engines.main(repository)
    assert not list(engine(repository, pack).parent.iterdir())


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"version": "8601"}, "TensorRT 8.6.1, which does not take"),
        ({"version": "?"}, "does not say its version"),
    ],
)
def test_a_machine_that_cannot_build_is_one_sentence(
    machine: Machine, repository: Path, files: dict[str, str], words: str
) -> None:
    machine.has(**files)
    with pytest.raises(CannotBuild, match=words):
        engines.main(repository)


@pytest.mark.parametrize(
    ("tool", "words"), [("trtexec", "trtexec was not found"), ("nvidia-smi", "finds no GPU")]
)
def test_a_machine_without_the_tools_is_one_sentence(
    machine: Machine, repository: Path, tool: str, words: str
) -> None:
    (machine.tools / tool).unlink()
    with pytest.raises(CannotBuild, match=words):
        engines.main(repository)


def test_vectors_that_are_no_numbers_agree_with_nothing() -> None:
    assert engines._cosine([float("nan"), 1.0], [0.0, 1.0]) == -1
    assert engines._cosine([float("inf"), 1.0], [0.0, 1.0]) == -1
    assert engines._cosine([0.6, 0.8], [0.6, 0.8]) == pytest.approx(1)
