"""The share of a GPU's peak that a model's pictures take: what `bench.triton` adds where there is a
GPU."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, helper

from lookalike.embedding.packs import VISION, Pack

PEAK_TFLOPS = {
    "H200": 989,
    "H100 PCIe": 756,
    "H100": 989,
    "L40S": 362,
    "L4": 121,
    "A100": 312,
    "A40": 150,
    "A30": 165,
    "A10": 125,
    "V100": 125,
    "T4": 65,
}
"""Of the tensor cores in float16, dense, as NVIDIA's data sheets have them."""

Shapes = dict[str, list[int]]


def lines(pack: Pack, pictures_a_second: float) -> list[str]:
    """How much of this machine's GPU so many pictures are."""
    found = name() or "no GPU"
    work = flops(pack.folder / VISION)
    done = pictures_a_second * work / 1e12
    said = [
        f"{found}, pictures alone {pictures_a_second:9.1f} a second, {work / 1e9:.1f} GFLOP each"
    ]
    peak = peak_of(found)
    if peak is None:
        return [*said, f"{done:.1f} TFLOP a second; the peak of this GPU is not in bench/gpu.py"]
    return [*said, f"{done:.1f} TFLOP a second, {done / peak:.1%} of its {peak} in float16"]


def name() -> str | None:
    """The name of this machine's first GPU."""
    asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.stdout.splitlines()[0].strip()


def peak_of(gpu: str) -> int | None:
    """The peak of a GPU by what nvidia-smi calls it, as "NVIDIA A100-SXM4-80GB"."""
    found = (peak for model, peak in PEAK_TFLOPS.items() if re.search(rf"\b{model}\b", gpu))
    return next(found, None)


def flops(graph: Path) -> float:
    """The floating-point operations of one row: two for each product that is summed up, in matrices
    and convolutions, which are nearly all of the work."""
    model = onnx.load(graph)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    shapes = _shapes(onnx.shape_inference.infer_shapes(model, data_prop=True))
    return float(sum(2 * _products(node, shapes) for node in model.graph.node))


def _shapes(model: onnx.ModelProto) -> Shapes:
    graph = model.graph
    made = {
        each.name: [dim.dim_value for dim in each.type.tensor_type.shape.dim]
        for each in (*graph.input, *graph.value_info, *graph.output)
    }
    return made | {each.name: list(each.dims) for each in graph.initializer}


def _products(node: NodeProto, shapes: Shapes) -> int:
    if node.op_type not in {"MatMul", "Gemm", "Conv"}:
        return 0
    taken, weights = (shapes[each] for each in node.input[:2])
    each = int(np.prod(shapes[node.output[0]]))
    if node.op_type == "Conv":
        return each * int(np.prod(weights[1:]))
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return each * taken[0 if attributes.get("transA") else -1]
