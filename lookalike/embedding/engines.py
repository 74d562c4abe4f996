"""Builds the TensorRT engines of a model repository, on the GPU that will serve them.

`lookalike models triton DIR --kind tensorrt_plan` copies this file into DIR, where it is run in the
container that serves, before Triton starts: `python3 build_engines.py && tritonserver …`. It needs
Python's standard library, `trtexec` and `nvidia-smi`.

An engine fits one TensorRT version and one GPU. One that was built for the same version, GPU and
pack stays as it is; any other is built anew. A new engine takes its place only after its vectors
agree with those that ONNX Runtime gave for the same samples."""

from __future__ import annotations

import hashlib
import json
import math
import operator
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SCRIPT = "build_engines.py"
GRAPH = "graph.onnx"
HALF_GRAPH = "graph_float16.onnx"
"""The same in half precision, for a TensorRT that does not choose the precision itself."""

PLAN = "engine.json"
SAMPLES = "samples.bin"
ENGINE = "model.plan"
STAMP = "built.json"

LEAST_COSINE = 0.999

TRTEXEC = ("/usr/src/tensorrt/bin/trtexec", "/opt/tensorrt/bin/trtexec")
"""Where NVIDIA's containers have it, when it is not on the PATH."""


class CannotBuild(Exception):
    """The sentence says why, and what to do."""


def main(repository: Path) -> None:
    """Brings every engine of the repository up to date. Raises `CannotBuild`."""
    trtexec = _trtexec()
    machine = {"tensorrt": _tensorrt_version(trtexec), "gpu": _gpu()}
    if _major(machine["tensorrt"]) < 10:
        raise CannotBuild(
            f"This is TensorRT {machine['tensorrt']}, which does not take whole numbers of 64 bits "
            "as tokens. Take a container with TensorRT 10 or later."
        )
    plans = sorted(repository.glob(f"*/{PLAN}"))
    if not plans:
        raise CannotBuild(f"{repository} holds no {PLAN}. Write it with `lookalike models triton`.")
    for plan in plans:
        bring_up_to_date(plan.parent, trtexec, machine)


def bring_up_to_date(model: Path, trtexec: str, machine: Mapping[str, str]) -> bool:
    """Builds a model's engine unless the one that is there was built here. Tells whether it did."""
    plan = json.loads((model / PLAN).read_text())
    served = model / str(plan["version"])
    wanted = {**machine, "pack": plan["pack_digest"]}
    if _is_built(served, wanted):
        _say(f"{model.name}: the engine is up to date.")
        return False
    served.mkdir(exist_ok=True)
    for old in (ENGINE, STAMP):
        (served / old).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=model, prefix=".building-") as work:
        engine = Path(work) / ENGINE
        cosine = _build(model, plan, trtexec, machine["tensorrt"], engine)
        stamp = {**wanted, "cosine": cosine, "sha256": _sha256(engine)}
        engine.replace(served / ENGINE)
    (served / STAMP).write_text(json.dumps(stamp) + "\n")
    _say(f"{model.name}: built, cosine with ONNX Runtime at least {cosine:.5f}.")
    return True


def _is_built(served: Path, wanted: Mapping[str, str]) -> bool:
    try:
        stamp = json.loads((served / STAMP).read_text())
        now = {**wanted, "cosine": stamp["cosine"], "sha256": _sha256(served / ENGINE)}
        return bool(stamp == now)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _build(
    model: Path, plan: Mapping[str, Any], trtexec: str, tensorrt: str, engine: Path
) -> float:
    """Builds an engine and gives the least cosine of its vectors with ONNX Runtime's. In half
    precision first; where that cannot be built or is too coarse for the model, without."""
    refusal = ""
    for way in ways(tensorrt):
        try:
            _run([trtexec, *_build_arguments(model, plan, engine, way)], "build", model.name)
            least = _least_cosine(model, plan, trtexec, engine)
        except CannotBuild as error:
            refusal = str(error)
        else:
            if least >= LEAST_COSINE:
                return least
            refusal = (
                f"The engine of {model.name} gives other vectors than ONNX Runtime (cosine "
                f"{least:.5f}, at least {LEAST_COSINE}), so it is not used. Serve this pack with "
                "`--kind onnxruntime`."
            )
        _say(f"{model.name}, {' '.join(way)}: {refusal}")
    raise CannotBuild(refusal)


def ways(tensorrt: str) -> Sequence[Sequence[str]]:
    """A graph and options, best first. From version 11 on TensorRT has no option for half
    precision, and takes that of the graph."""
    half = [HALF_GRAPH] if _major(tensorrt) >= 11 else [GRAPH, "--fp16"]
    return [half, [GRAPH]]


def _build_arguments(
    model: Path, plan: Mapping[str, Any], engine: Path, way: Sequence[str]
) -> list[str]:
    graph, *options = way
    least, best, most = (_shape(plan, rows) for rows in plan["batches"])
    return [
        f"--onnx={model / graph}",
        f"--saveEngine={engine}",
        f"--minShapes={least}",
        f"--optShapes={best}",
        f"--maxShapes={most}",
        "--skipInference",
        *options,
    ]


def _shape(plan: Mapping[str, Any], rows: int) -> str:
    return f"{plan['input']}:{'x'.join(map(str, [rows, *plan['shape']]))}"


def _least_cosine(model: Path, plan: Mapping[str, Any], trtexec: str, engine: Path) -> float:
    answers = engine.with_name("answers.json")
    arguments = [
        f"--loadEngine={engine}",
        f"--shapes={_shape(plan, len(plan['vectors']))}",
        f"--loadInputs={plan['input']}:{model / SAMPLES}",
        f"--exportOutput={answers}",
        "--iterations=1",
        "--duration=0",
        "--warmUp=0",
    ]
    _run([trtexec, *arguments], "run", model.name)
    try:
        outputs = {each["name"]: each["values"] for each in json.loads(answers.read_text())}
    except ValueError:
        return -1.0  # NaN, as trtexec writes it, is no JSON
    found = [float(value) for value in outputs.get(plan["output"], ())]
    width = len(plan["vectors"][0])
    rows = [found[start : start + width] for start in range(0, len(found), width)]
    if len(rows) != len(plan["vectors"]):
        return -1.0
    return min(map(_cosine, rows, plan["vectors"]))


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine; -1 where there is none, as for a vector with NaN."""
    lengths = math.hypot(*one) * math.hypot(*other)
    if len(one) != len(other) or not 0 < lengths < math.inf:
        return -1.0
    return math.fsum(map(operator.mul, one, other)) / lengths


def _trtexec() -> str:
    for candidate in ("trtexec", *TRTEXEC):
        if found := shutil.which(candidate):
            return found
    raise CannotBuild(
        "trtexec was not found. Run this in a container that has TensorRT (NVIDIA's Triton image "
        "does), or put trtexec on the PATH."
    )


def _tensorrt_version(trtexec: str) -> str:
    """As `10.3.0`, from the banner that trtexec prints: v8601 is 8.6.1, v100300 is 10.3.0."""
    said = subprocess.run([trtexec, "--help"], capture_output=True, text=True, check=False)
    banner = re.search(r"TensorRT v(\d{4,})", said.stdout + said.stderr)
    if not banner:
        raise CannotBuild(f"{trtexec} does not say its version, so its options are not known.")
    number = int(banner[1])
    if number < 10_000:
        return f"{number // 1000}.{number // 100 % 10}.{number % 100}"
    return f"{number // 10_000}.{number // 100 % 100}.{number % 100}"


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def _gpu() -> str:
    """The GPUs by name and compute capability: an engine does not move to another kind."""
    query = ["nvidia-smi", "--query-gpu=name,compute_cap", "--format=csv,noheader"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotBuild(
            "nvidia-smi finds no GPU. Give the container one (docker run --gpus all)."
        ) from error
    return "; ".join(sorted(set(said.stdout.split("\n")) - {""}))


def _run(argv: Sequence[str], what: str, model: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise CannotBuild(f"trtexec could not {what} the engine of {model}:\n{said}")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _say(line: str) -> None:
    sys.stdout.write(line + os.linesep)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
    except CannotBuild as error:
        sys.exit(str(error))
