"""From an export to a pack that embeds as the export does, or to a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lookalike.embedding import engines, packs
from lookalike.embedding.calibration import Pair
from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packing import making
from lookalike.embedding.packing.export import read_export
from lookalike.embedding.packing.golden import Golden, Verdict, judge, read_golden
from lookalike.embedding.packing.making import Order, Workshop, make_pack, verify
from lookalike.embedding.packing.weights import Weights
from lookalike.embedding.packs import Pack, Resample, Resize, load_pack
from lookalike.embedding.repository import Kind, write_repository
from lookalike.embedding.towers import image_tower, text_tower
from lookalike.errors import Misconfigured
from tests.unit.embedding.packing.exports import (
    DIMENSIONS,
    SIZE,
    clip_export,
    clip_tokenizer,
    siglip_export,
)

ORDER = Order(name="small", weights=Weights.FLOAT32, licence="MIT", source="a test")


def make(
    export: Path, folder: Path, workshop: Workshop, weights: Weights = Weights.FLOAT32
) -> Verdict:
    folder.mkdir()
    return make_pack(read_export(export), replace(ORDER, weights=weights), folder, workshop)


def embedder(folder: Path) -> OnnxEmbedder:
    return OnnxEmbedder(load_pack(folder), 1)


def refusal(export: Path, folder: Path, workshop: Workshop) -> str:
    with pytest.raises(Misconfigured) as refused:
        make(export, folder, workshop)
    return refused.value.detail


@pytest.fixture
def broken(clip: Path, tmp_path: Path) -> Callable[..., Path]:
    """A copy of the CLIP-shaped export with a change in one of its files."""

    def change(name: str, **changes: Any) -> Path:
        folder = Path(shutil.copytree(clip, tmp_path / "broken", dirs_exist_ok=True))
        content = json.loads((folder / name).read_text())
        content.update(changes)
        (folder / name).write_text(json.dumps(content))
        return folder

    return change


@pytest.mark.parametrize("weights", [Weights.FLOAT32, Weights.FLOAT16])
def test_a_clip_export_becomes_a_pack(
    clip: Path, tmp_path: Path, workshop: Workshop, weights: Weights
) -> None:
    verdict = make(clip, tmp_path / "pack", workshop, weights)
    assert verdict.good
    assert min(verdict.images, verdict.texts) > 0.9999
    pack = load_pack(tmp_path / "pack")
    assert (pack.dimensions, pack.context) == (DIMENSIONS, 77)
    assert pack.image == packs.ImageInput(SIZE, Resize.SHORTEST_EDGE_CROP, Resample.BICUBIC)
    assert set(pack.calibrations) == set(Pair)
    assert pack.source == f"a test; weights {weights}"


def test_a_siglip_export_becomes_a_pack(siglip: Path, tmp_path: Path, workshop: Workshop) -> None:
    verdict = make(siglip, tmp_path / "pack", workshop)
    assert min(verdict.images, verdict.texts) > 0.9999
    pack = load_pack(tmp_path / "pack")
    assert (pack.dimensions, pack.context) == (DIMENSIONS, 64)
    assert pack.image == packs.ImageInput(SIZE, Resize.SQUASH, Resample.BILINEAR)


def test_the_same_export_makes_the_same_pack(
    clip: Path, tmp_path: Path, workshop: Workshop
) -> None:
    for name in ("one", "other"):
        make(clip, tmp_path / name, workshop)
    digests = {load_pack(tmp_path / name).digest for name in ("one", "other")}
    assert len(digests) == 1


def test_float16_halves_the_files(clip: Path, tmp_path: Path, workshop: Workshop) -> None:
    make(clip, tmp_path / "float32", workshop)
    make(clip, tmp_path / "float16", workshop, Weights.FLOAT16)
    for name in (packs.VISION, packs.TEXT):
        whole, half = ((tmp_path / each / name).stat().st_size for each in ("float32", "float16"))
        assert half < 0.6 * whole


def test_a_weight_too_large_for_float16_stays_as_it_is(
    siglip: Path, tmp_path: Path, workshop: Workshop
) -> None:
    export = Path(shutil.copytree(siglip, tmp_path / "export"))
    model = onnx.load(export / packs.TEXT)
    (table,) = [each for each in model.graph.initializer if each.name == "table"]
    values = numpy_helper.to_array(table).copy()
    values[0] = 1e6
    table.CopyFrom(numpy_helper.from_array(values, "table"))
    onnx.save(model, export / packs.TEXT)
    assert make(export, tmp_path / "pack", workshop, Weights.FLOAT16).good


@pytest.mark.parametrize("make_export", [clip_export, siglip_export])
def test_8_bits_are_judged_by_what_a_search_finds(
    make_export: Callable[[Path], Path], tmp_path: Path, workshop: Workshop
) -> None:
    verdict = make(make_export(tmp_path / "export"), tmp_path / "pack", workshop, Weights.INT8)
    assert verdict.by_picture is not None
    assert verdict.by_picture >= 0.8
    assert "judged in 8 bits by the first 10" in str(verdict)
    size = (tmp_path / "pack" / packs.VISION).stat().st_size
    assert size < 0.5 * (tmp_path / "export" / packs.VISION).stat().st_size
    assert verify(tmp_path / "pack", workshop.run) == verdict


def test_the_mask_of_clip_is_made_inside(clip: Path, tmp_path: Path, workshop: Workshop) -> None:
    make(clip, tmp_path / "pack", workshop)
    model = embedder(tmp_path / "pack")
    # Padding that is not left out would draw short texts towards each other.
    one, other = model.texts(["x", "y"])
    assert one @ other < 0.99
    graph = onnx.load(tmp_path / "pack" / packs.TEXT).graph
    assert [each.name for each in graph.input] == ["input_ids"]


def test_a_mask_whose_padding_is_a_token_of_its_own(
    clip: Path, tmp_path: Path, workshop: Workshop
) -> None:
    export = Path(shutil.copytree(clip, tmp_path / "export"))
    tokenizer = clip_tokenizer()
    last = tokenizer.get_vocab_size() - 1
    assert tokenizer.id_to_token(last) == "<|endoftext|>"
    config = json.loads((export / "tokenizer_config.json").read_text())
    config["pad_token"] = "!"
    (export / "tokenizer_config.json").write_text(json.dumps(config))
    assert make(export, tmp_path / "pack", workshop).texts > 0.9999


def test_golden_vectors_that_do_not_agree_refuse_a_pack(
    clip: Path, tmp_path: Path, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(export: Any, *rest: Any) -> Golden:
        golden = real(export, *rest)
        return replace(golden, image_vectors=np.roll(golden.image_vectors, 1, axis=0))

    real = making._golden
    monkeypatch.setattr(making, "_golden", wrong)
    assert "small is refused: cosines of at least " in refusal(clip, tmp_path / "pack", workshop)


def test_a_wrong_normalisation_would_be_noticed(
    clip: Path, tmp_path: Path, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(model: Any, path: Path, size: int, normalisation: Any) -> None:
        real(model, path, size, replace(normalisation, mean=(0.0, 0.0, 0.0)))

    real = making.adapt_vision
    monkeypatch.setattr(making, "adapt_vision", without)
    assert "is refused" in refusal(clip, tmp_path / "pack", workshop)


def test_a_pack_is_verified_against_its_own_golden_vectors(
    siglip: Path, tmp_path: Path, workshop: Workshop
) -> None:
    made = make(siglip, tmp_path / "pack", workshop)
    assert verify(tmp_path / "pack", workshop.run) == made
    assert judge(read_golden(tmp_path / "pack"), embedder(tmp_path / "pack")) == made


def test_another_model_in_the_place_of_a_pack_is_refused(
    clip: Path, siglip: Path, tmp_path: Path, workshop: Workshop
) -> None:
    make(clip, tmp_path / "clip", workshop)
    make(siglip, tmp_path / "siglip", workshop)
    shutil.copy(tmp_path / "clip/golden.npz", tmp_path / "siglip/golden.npz")
    with pytest.raises(Misconfigured, match="must not be used here"):
        verify(tmp_path / "siglip", workshop.run)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half of a zip"])
def test_half_of_the_golden_vectors(
    clip: Path, tmp_path: Path, workshop: Workshop, content: bytes
) -> None:
    make(clip, tmp_path / "pack", workshop)
    (tmp_path / "pack/golden.npz").write_bytes(content)
    with pytest.raises(Misconfigured, match=r"golden\.npz cannot be used"):
        verify(tmp_path / "pack", workshop.run)


def test_an_export_for_one_row_a_call_is_refused(tmp_path: Path, workshop: Workshop) -> None:
    export = clip_export(tmp_path / "export", batch=1)
    assert "small cannot be run in batches" in refusal(export, tmp_path / "pack", workshop)


def test_another_width_than_expected(clip: Path, tmp_path: Path, workshop: Workshop) -> None:
    (tmp_path / "pack").mkdir()
    order = replace(ORDER, dimensions=512)
    with pytest.raises(Misconfigured, match="vectors of 512 dimensions, and its pictures have 48"):
        make_pack(read_export(clip), order, tmp_path / "pack", workshop)


def test_a_context_that_the_text_tower_does_not_have(
    broken: Callable[..., Path], tmp_path: Path, workshop: Workshop
) -> None:
    export = broken("config.json", text_config={"max_position_embeddings": 50})
    assert "text_model.onnx cannot be run as its files describe it" in refusal(
        export, tmp_path / "pack", workshop
    )


@pytest.mark.parametrize("name", [packs.VISION, packs.TEXT])
def test_half_of_a_graph(clip: Path, tmp_path: Path, workshop: Workshop, name: str) -> None:
    export = Path(shutil.copytree(clip, tmp_path / "export"))
    whole = (export / name).read_bytes()
    (export / name).write_bytes(whole[: len(whole) // 2])
    assert f"{export / name} cannot be" in refusal(export, tmp_path / "pack", workshop)


def test_a_text_tower_that_wants_more_than_ids(
    clip: Path, tmp_path: Path, workshop: Workshop
) -> None:
    export = Path(shutil.copytree(clip, tmp_path / "export"))
    model = onnx.load(export / packs.TEXT)
    model.graph.input.append(helper.make_tensor_value_info("pixel_values", 1, ["batch", 3]))
    onnx.save(model, export / packs.TEXT)
    assert "Export the text tower alone" in refusal(export, tmp_path / "pack", workshop)


def test_an_old_opset(clip: Path, tmp_path: Path, workshop: Workshop) -> None:
    export = Path(shutil.copytree(clip, tmp_path / "export"))
    model = onnx.load(export / packs.VISION)
    model.opset_import[0].version = 9
    onnx.save(model, export / packs.VISION)
    assert "is of opset 9" in refusal(export, tmp_path / "pack", workshop)


def test_a_calibration_is_written_down_and_leaves_the_vectors(
    clip: Path, tmp_path: Path, workshop: Workshop, manifest: Path
) -> None:
    make(clip, tmp_path / "pack", workshop)
    before = load_pack(tmp_path / "pack")
    rows = manifest.read_text().splitlines()[:20]
    mine = manifest.with_name("mine.jsonl")
    mine.write_text("\n".join(rows))
    fitted = making.calibrate(tmp_path / "pack", [mine], workshop.run)
    after: Pack = load_pack(tmp_path / "pack")
    assert after.calibrations == fitted != before.calibrations
    assert after.digest == before.digest
    assert verify(tmp_path / "pack", workshop.run)


def test_weights_beside_a_graph_travel_with_it(
    clip: Path, tmp_path: Path, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = Path(shutil.copytree(clip, tmp_path / "export"))
    model = onnx.load(export / packs.VISION)
    onnx.save(
        model, export / packs.VISION, save_as_external_data=True, location="vision_model.onnx_data"
    )
    monkeypatch.setattr("lookalike.embedding.packing.graphs.MOST_BYTES", 1000)
    assert make(export, tmp_path / "pack", workshop).good
    pack = load_pack(tmp_path / "pack")
    assert {"onnx/vision_model.onnx_data", "onnx/text_model.onnx_data"} <= pack.files.keys()
    (tmp_path / "pack/onnx/text_model.onnx_data").write_bytes(b"half")
    with pytest.raises(Misconfigured, match=r"text_model\.onnx_data is not the file"):
        load_pack(tmp_path / "pack")


@pytest.mark.parametrize("opset", [11, 13, 21, 23])
def test_older_and_newer_opsets(clip: Path, tmp_path: Path, workshop: Workshop, opset: int) -> None:
    """What is put around a graph works in any opset; a tower without operators that changed."""
    export = Path(shutil.copytree(clip, tmp_path / "export"))
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["pixel_values"], ["flat"]),
            helper.make_node("MatMul", ["flat", "w"], ["image_embeds"]),
        ],
        "flat",
        [helper.make_tensor_value_info("pixel_values", 1, ["batch", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("image_embeds", 1, ["batch", DIMENSIONS])],
        [
            numpy_helper.from_array(
                np.random.default_rng(1)
                .normal(size=(3 * SIZE * SIZE, DIMENSIONS))
                .astype(np.float32),
                "w",
            )
        ],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset < 22 else 10
    )
    onnx.save(model, export / packs.VISION)
    assert make(export, tmp_path / "pack", workshop).good


def test_a_pack_whose_files_lie_elsewhere_is_not_copied(tmp_path: Path) -> None:
    source = Path(shutil.copytree(packs.builtin_pack_folder(), tmp_path / "source"))
    (tmp_path / "outside").write_text("x")
    description = json.loads((source / "pack.json").read_text())
    description["files"]["../outside"] = packs.sha256(tmp_path / "outside")
    (source / "pack.json").write_text(json.dumps(description))
    (tmp_path / "made" / "pack").mkdir(parents=True)
    with pytest.raises(Misconfigured, match="which is not inside it"):
        making.copy_pack(source, tmp_path / "made" / "pack", "mine")


@pytest.mark.parametrize("weights", [Weights.FLOAT32, Weights.FLOAT16])
@pytest.mark.parametrize("make_export", [clip_export, siglip_export])
def test_an_engine_in_half_precision_is_built_from_a_graph_that_computes_in_it(
    make_export: Callable[[Path], Path], tmp_path: Path, workshop: Workshop, weights: Weights
) -> None:
    make(make_export(tmp_path / "export"), tmp_path / "pack", workshop, weights)
    pack, golden = load_pack(tmp_path / "pack"), read_golden(tmp_path / "pack")
    write_repository(pack, tmp_path / "models", Kind.ENGINE, embedder(tmp_path / "pack"))
    for tower in (image_tower(pack), text_tower(pack)):
        graph = onnx.load(tmp_path / "models" / tower.name / engines.HALF_GRAPH)
        onnx.checker.check_model(graph, full_check=True)
        inferred = onnx.shape_inference.infer_shapes(graph).graph.value_info
        kinds = {each.name: each.type.tensor_type.elem_type for each in inferred}
        made = [node.output[0] for node in graph.graph.node if node.op_type == "MatMul"]
        assert {kinds[name] for name in made} == {TensorProto.FLOAT16}
        onnx.save(graph, pack.folder / tower.file)
    halved = OnnxEmbedder(pack, 1)  # the adapted inputs and outputs are as they were
    assert judge(golden, halved).good


def test_a_pack_in_8_bits_has_no_engine(siglip: Path, tmp_path: Path, workshop: Workshop) -> None:
    make(siglip, tmp_path / "pack", workshop, Weights.INT8)
    pack = load_pack(tmp_path / "pack")
    with pytest.raises(Misconfigured, match=r"is in 8 bits, .* --kind onnxruntime"):
        write_repository(pack, tmp_path / "models", Kind.ENGINE, embedder(tmp_path / "pack"))
