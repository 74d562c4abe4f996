"""The model repository: every configuration is one that Triton reads, and is the pack's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from lookalike.embedding import engines
from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import VISION, Pack, checksums, sha256
from lookalike.embedding.repository import (
    MOST_AT_ONCE,
    Kind,
    configuration,
    write_repository,
)
from lookalike.embedding.towers import Tower, image_tower, text_tower, version
from lookalike.embedding.triton_check import mismatch
from lookalike.embedding.triton_wire import BATCH, QUERY
from lookalike.errors import Misconfigured

COMMITTED = Path(__file__).parents[3] / "triton_models"
TOWERS = (image_tower, text_tower)


def parsed(text: str) -> ModelConfig:
    return text_format.Parse(text, ModelConfig())


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("tower_of", TOWERS)
def test_a_configuration_is_read_by_triton_and_agrees_with_the_pack(
    pack: Pack, kind: Kind, tower_of: Callable[[Pack], Tower]
) -> None:
    tower = tower_of(pack)
    config = parsed(configuration(pack, tower, kind))
    assert config.name == tower.name
    assert config.max_batch_size == MOST_AT_ONCE
    assert mismatch(config, pack, tower) is None
    assert list(config.version_policy.specific.versions) == [version(pack)]
    (group,) = config.instance_group
    assert group.count == 2
    assert group.kind == (group.KIND_CPU if kind is Kind.CPU else group.KIND_GPU)
    for warm in config.model_warmup:
        assert list(warm.inputs[tower.takes.name].dims) == list(tower.takes.shape)
    assert {warm.batch_size for warm in config.model_warmup} == {1, MOST_AT_ONCE}


def test_queries_go_first_and_every_queue_has_an_end(pack: Pack) -> None:
    batching = parsed(configuration(pack, image_tower(pack), Kind.CPU)).dynamic_batching
    assert batching.priority_levels == 2
    assert QUERY.priority < batching.default_priority_level == BATCH.priority
    for haste in (QUERY, BATCH):
        policy = batching.priority_queue_policy[haste.priority]
        assert policy.max_queue_size > 0
        assert policy.default_timeout_microseconds == haste.deadline_s * 1e6


def test_the_three_kinds_run_what_they_say(pack: Pack) -> None:
    cpu, accelerated, engine = (
        parsed(configuration(pack, image_tower(pack), kind)) for kind in Kind
    )
    assert (cpu.backend, accelerated.backend) == ("onnxruntime", "onnxruntime")
    assert not cpu.optimization.execution_accelerators.gpu_execution_accelerator
    (trt,) = accelerated.optimization.execution_accelerators.gpu_execution_accelerator
    assert trt.name == "tensorrt"
    assert engine.platform == "tensorrt_plan"


@pytest.mark.parametrize("tower_of", TOWERS)
def test_what_is_committed_is_what_is_written(
    pack: Pack, tower_of: Callable[[Pack], Tower]
) -> None:
    tower = tower_of(pack)
    committed = (COMMITTED / tower.name / "config.pbtxt").read_text()
    assert committed == configuration(pack, tower, Kind.CPU), (
        "run: lookalike models triton triton_models"
    )


def test_weights_stand_under_the_pack_s_version_and_those_of_another_go(
    pack: Pack, embedder: OnnxEmbedder, tmp_path: Path
) -> None:
    other = replace(pack, context=pack.context + 1)
    write_repository(other, tmp_path, Kind.CPU, embedder)
    write_repository(pack, tmp_path, Kind.CPU, embedder)
    for tower in (image_tower(pack), text_tower(pack)):
        (weights,) = (tmp_path / tower.name).rglob("*.onnx")
        assert weights == tmp_path / tower.name / str(version(pack)) / "model.onnx"
        assert weights.read_bytes() == (pack.folder / tower.file).read_bytes()


@pytest.mark.parametrize("kind", [Kind.CPU, Kind.ENGINE])
def test_weights_beside_a_graph_stand_beside_it_here_too(
    pack: Pack, embedder: OnnxEmbedder, tmp_path: Path, kind: Kind
) -> None:
    folder = Path(shutil.copytree(pack.folder, tmp_path / "pack"))
    model = onnx.load(folder / VISION)
    onnx.save(
        model,
        folder / VISION,
        save_as_external_data=True,
        location="vision_model.onnx_data",
        size_threshold=0,
    )
    beside = f"{VISION}_data"
    files = checksums(folder) | {beside: sha256(folder / beside)}
    large = replace(pack, folder=folder, files=files)
    for written in (Kind.ACCELERATED, kind):
        write_repository(large, tmp_path / "models", written, embedder)
    models = tmp_path / "models/clip_image"
    (data,) = models.rglob("*_data")
    for graph in models.rglob("*.onnx"):
        onnx.load(graph)  # with what stands beside it
    assert data.read_bytes() == (folder / beside).read_bytes()


def test_an_engine_s_repository_holds_what_the_build_needs(
    pack: Pack, embedder: OnnxEmbedder, tmp_path: Path
) -> None:
    write_repository(pack, tmp_path, Kind.CPU, embedder)
    write_repository(pack, tmp_path, Kind.ENGINE, embedder)
    assert (tmp_path / engines.SCRIPT).read_text() == Path(engines.__file__).read_text()
    folder = tmp_path / "clip_image"
    assert not list(folder.glob("*/model.onnx"))
    plan = json.loads((folder / engines.PLAN).read_text())
    samples = np.frombuffer((folder / engines.SAMPLES).read_bytes(), np.uint8)
    vectors = embedder.images(samples.reshape(-1, *plan["shape"]))
    assert np.allclose(vectors, plan["vectors"], atol=1e-5)


def test_a_folder_that_cannot_be_written_is_one_sentence(
    pack: Pack, embedder: OnnxEmbedder, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="cannot be written"):
        write_repository(pack, tmp_path / "file", Kind.CPU, embedder)
