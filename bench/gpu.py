"""Pictures a second of a model server with a GPU, and the share of the GPU's peak that they are:

    python -m bench.gpu grpc://HOST:8001 PACK PEAK_TFLOPS

PACK is the name or the folder of the pack that the server serves, PEAK_TFLOPS what the GPU's data
sheet gives for dense products in the precision of the engine. The operations of a picture are
counted from the pack's own graph: two for each multiplication of its matrix products and
convolutions. Runs on any Triton; only the share means little without a GPU."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, shape_inference

from bench.measuring import machine
from lookalike.bootstrap import make_pack
from lookalike.embedding.pictures import Picture
from lookalike.embedding.towers import image_tower
from lookalike.embedding.triton import TritonEmbedder, served_by
from lookalike.embedding.triton_wire import BATCH
from lookalike.settings import Settings, read_settings

SIZES = (1, 8, 32, 128)
CALLERS = 4
SECONDS = 5.0


def operations(graph: Path) -> float:
    """Multiplications and additions that one picture costs."""
    model = onnx.load(str(graph))
    for each in model.graph.input:
        each.type.tensor_type.shape.dim[0].dim_value = 1
    return sum(_counted(shape_inference.infer_shapes(model)))


def _counted(model: ModelProto) -> Iterator[float]:
    shapes = {
        each.name: [dim.dim_value for dim in each.type.tensor_type.shape.dim]
        for each in (*model.graph.value_info, *model.graph.input, *model.graph.output)
    }
    shapes |= {each.name: list(each.dims) for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type in {"MatMul", "Gemm", "Conv"}:
            made = float(np.prod([max(1, side) for side in shapes[node.output[0]]]))
            yield 2 * made * _summed(node, shapes)


def _summed(node: NodeProto, shapes: dict[str, list[int]]) -> float:
    """How many products are summed for each number that comes out."""
    if node.op_type == "Conv":
        return float(np.prod(shapes[node.input[1]][1:]))
    transposed = any(each.name == "transA" and each.i for each in node.attribute)
    return float(shapes[node.input[0]][0 if transposed else -1])


def pictures_a_second(embedder: TritonEmbedder, size: int, pixels: Picture) -> float:
    """Of several callers, each of which sends the next batch when it has its answer."""
    batch = np.repeat(pixels[None], size, axis=0)
    ends = time.perf_counter() + SECONDS

    def call(_: int) -> int:
        done = 0
        while time.perf_counter() < ends:
            embedder.images(batch)
            done += size
        return done

    started = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as callers:
        done = sum(callers.map(call, range(CALLERS)))
    return done / (time.perf_counter() - started)


def gpu() -> str:
    """The GPU of this machine, as its driver names it."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return "no GPU on this machine"
    asked = [program, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def main(settings: Settings, url: str, name: str, peak_tflops: float) -> None:
    pack = make_pack(settings, name)
    graph = pack.folder / image_tower(pack).file
    cost, side = operations(graph), pack.image.size
    pixels = np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)
    embedder = TritonEmbedder(served_by((url,), pack), BATCH)
    embedder.images(pixels[None])
    print(f"{machine()}; {gpu()}")
    print(f"{pack.name}: {cost / 1e9:.2f} billion operations a picture; peak {peak_tflops} TFLOPS")
    for size in SIZES:
        rate = pictures_a_second(embedder, size, pixels)
        share = rate * cost / (peak_tflops * 1e12)
        print(f"  batches of {size:3}: {rate:9.1f} pictures a second, {share:6.1%} of the peak")


if __name__ == "__main__":
    main(read_settings(), sys.argv[1], sys.argv[2], float(sys.argv[3]))
