"""The model repository from which NVIDIA Triton serves a pack: a folder for each tower, with its
configuration and its weights.

Three kinds: ONNX Runtime on the CPU; ONNX Runtime on a GPU, which hands the graph to TensorRT; and
an engine that TensorRT builds beforehand (`engines.py`)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np

from lookalike.embedding import engines
from lookalike.embedding.packs import Pack
from lookalike.embedding.protocol import Embedder, Pixels
from lookalike.embedding.tokenizing import Tokens
from lookalike.embedding.towers import Tensor, Tower, image_tower, text_tower, version
from lookalike.errors import Misconfigured

MOST_AT_ONCE = 32
"""Rows of a batch. Larger ones are no faster on a CPU, and on a GPU a query would wait for them."""

QUERY_LEVEL, BATCH_LEVEL = 1, 2
"""Triton's priority levels: it takes all of the first before any of the second."""

_WORDS = ("Summer", "Leather", "Red", "Tall", "Blue winter", "Size 5", "", "鞋")
"""The texts that a new engine is tried with, and as many pictures."""

DIGEST = "pack_digest"
"""The parameter that names the pack."""

_TYPES = {"uint8": "TYPE_UINT8", "int64": "TYPE_INT64", "float32": "TYPE_FP32"}


class Kind(StrEnum):
    """What runs the graphs."""

    CPU = "onnxruntime"
    ACCELERATED = "onnxruntime_tensorrt"
    ENGINE = "tensorrt_plan"


def write_repository(pack: Pack, folder: Path, kind: Kind, embedder: Embedder) -> None:
    """Writes the repository of a pack, over one that is there. `embedder` gives the vectors that an
    engine must agree with. Raises `Misconfigured` where the folder cannot be written."""
    try:
        for tower in (image_tower(pack), text_tower(pack)):
            _write_model(pack, tower, folder / tower.name, kind)
        if kind is Kind.ENGINE:
            _write_engine_parts(pack, folder, embedder)
    except OSError as error:
        raise Misconfigured(
            f"The model repository {folder} cannot be written ({error.strerror}). Name a folder "
            "that this user may write, on a disk with room for the weights."
        ) from error


def configuration(pack: Pack, tower: Tower, kind: Kind) -> str:
    """The `config.pbtxt` of a tower."""
    return "\n".join(
        [
            f'name: "{tower.name}"',
            *_RUNS[kind],
            f"max_batch_size: {MOST_AT_ONCE}",
            f"input [ {{ {_tensor(tower.takes)} }} ]",
            f"output [ {{ {_tensor(tower.gives)} }} ]",
            "",
            "# The version is made from the pack's digest, and each request names it: a server",
            "# that has come to serve another pack refuses, and mixes no vectors.",
            f"version_policy {{ specific {{ versions: [ {version(pack)} ] }} }}",
            f'parameters {{ key: "{DIGEST}" value {{ string_value: "{pack.digest}" }} }}',
            "",
            _QUEUES,
            "",
            "# Each model is warm before the server says that it is ready.",
            *(_warm_up(tower.takes, rows) for rows in (1, MOST_AT_ONCE)),
            "",
        ]
    )


_QUEUES = f"""\
# Queries are {QUERY_LEVEL}, everything else is {BATCH_LEVEL}. What nobody waits for any more is \
not computed, and a
# full queue refuses at once, which callers take for a sign to slow down.
dynamic_batching {{
  max_queue_delay_microseconds: 500
  priority_levels: {BATCH_LEVEL}
  default_priority_level: {BATCH_LEVEL}
  priority_queue_policy {{
    key: {QUERY_LEVEL}
    value {{ timeout_action: REJECT default_timeout_microseconds: 2000000 max_queue_size: 128 }}
  }}
  priority_queue_policy {{
    key: {BATCH_LEVEL}
    value {{ timeout_action: REJECT default_timeout_microseconds: 30000000 max_queue_size: 256 }}
  }}
}}"""

_GPU = "instance_group [ { count: 2 kind: KIND_GPU } ]"

_RUNS: dict[Kind, Sequence[str]] = {
    Kind.CPU: ('backend: "onnxruntime"', "instance_group [ { count: 2 kind: KIND_CPU } ]"),
    Kind.ACCELERATED: (
        'backend: "onnxruntime"',
        _GPU,
        "# In the graph's own precision: what is built here is compared with nothing.",
        "optimization {",
        "  execution_accelerators {",
        "    gpu_execution_accelerator : [ {",
        '      name: "tensorrt"',
        '      parameters { key: "precision_mode" value: "FP32" }',
        '      parameters { key: "max_workspace_size_bytes" value: "1073741824" }',
        "    } ]",
        "  }",
        "}",
    ),
    Kind.ENGINE: ('platform: "tensorrt_plan"', _GPU),
}


def _tensor(tensor: Tensor) -> str:
    return f'name: "{tensor.name}" data_type: {_TYPES[tensor.kind]} dims: {_dims(tensor)}'


def _dims(tensor: Tensor) -> str:
    return f"[ {', '.join(map(str, tensor.shape))} ]"


def _warm_up(takes: Tensor, rows: int) -> str:
    zeros = f"data_type: {_TYPES[takes.kind]} dims: {_dims(takes)} zero_data: true"
    return (
        f'model_warmup [ {{ name: "{rows}" batch_size: {rows} '
        f'inputs {{ key: "{takes.name}" value {{ {zeros} }} }} }} ]'
    )


def _write_model(pack: Pack, tower: Tower, folder: Path, kind: Kind) -> None:
    """One model's folder. Versions of another pack go: the configuration names one only."""
    for old in folder.glob("[0-9]*"):
        if old.name != str(version(pack)):
            shutil.rmtree(old)
    served = folder / str(version(pack))
    served.mkdir(parents=True, exist_ok=True)
    (folder / "config.pbtxt").write_text(configuration(pack, tower, kind))
    # An engine is built from the graph, which Triton itself is not to see among the versions.
    graph = folder / engines.GRAPH if kind is Kind.ENGINE else served / "model.onnx"
    for old in (*folder.glob("*.onnx*"), *served.glob("*.onnx*")):
        old.unlink()
    _put(pack.folder / tower.file, graph)
    for name in pack.files:
        # Weights too large for the graph's own file. Copied: ONNX takes a link there for an attack.
        if name.startswith(f"{tower.file}_"):
            shutil.copyfile(pack.folder / name, graph.with_name(Path(name).name))


def _put(source: Path, target: Path) -> None:
    """A hard link, or else a copy: a symbolic link would lead nowhere in a container."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _write_engine_parts(pack: Pack, folder: Path, embedder: Embedder) -> None:
    """What the build needs: the script, and for each tower the graph in half precision, and a plan
    with samples and the vectors that ONNX Runtime gives for them."""
    # They take a second to import, which no service needs to wait for.
    from lookalike.embedding.packing.graphs import write_graph  # noqa: PLC0415
    from lookalike.embedding.packing.weights import in_half_precision  # noqa: PLC0415

    shutil.copyfile(engines.__file__, folder / engines.SCRIPT)
    images, texts = image_tower(pack), text_tower(pack)
    pixels, words = _pictures(pack.image.size), [f"{each} shoe" for each in _WORDS]
    for tower, rows, vectors in (
        (images, pixels, embedder.images(pixels)),
        (texts, Tokens(pack).ids(words), embedder.texts(words)),
    ):
        half = in_half_precision(folder / tower.name / engines.GRAPH)
        write_graph(half, folder / tower.name / engines.HALF_GRAPH)
        (folder / tower.name / engines.SAMPLES).write_bytes(rows.tobytes())
        plan = {
            "pack_digest": pack.digest,
            "version": version(pack),
            "input": tower.takes.name,
            "output": tower.gives.name,
            "shape": tower.takes.shape,
            "batches": [1, MOST_AT_ONCE // 2, MOST_AT_ONCE],
            "vectors": vectors.tolist(),
        }
        (folder / tower.name / engines.PLAN).write_text(json.dumps(plan) + "\n")


def _pictures(size: int) -> Pixels:
    """Coarse patches of colour, each picture another."""
    coarse = np.random.default_rng(seed=1).integers(0, 256, (len(_WORDS), 5, 5, 3), dtype=np.uint8)
    cell = np.arange(size) * 5 // size
    return np.ascontiguousarray(coarse[:, cell][:, :, cell])
