"""A pack of the size of CLIP ViT-B/32 in this process: `python -m bench.models [WEIGHTS …]`.

The embedder beside a bare loop over `InferenceSession.run` with the same graph and threads.
Its weights are random:
the work is that of the real ones."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort

from bench.measuring import machine, summary, times_ms
from bench.vit import DIMENSIONS, SIZE, write_no_text, write_vision
from lookalike.embedding import packs
from lookalike.embedding.calibration import Calibration, Pair
from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packing.export import Normalisation
from lookalike.embedding.packing.graphs import adapt_vision, read_graph, write_graph
from lookalike.embedding.packing.weights import Weights, to_float16, to_int8
from lookalike.embedding.packs import ImageInput, Pack, Resample, Resize, builtin_pack_folder

THREADS = 2
BATCH = 32
PICTURES = 64
ROUNDS = 5
LEAST = 0.95
CONTEXT = 32
CLIP = Normalisation(
    1 / 255, (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
)


def pack_of(export: Path, folder: Path, weights: Weights) -> Pack:
    """A pack whose pictures go through the tower."""
    graph = read_graph(export)
    adapt_vision(graph, export, SIZE, CLIP)
    if weights is Weights.FLOAT16:
        to_float16(graph)
    write_graph(graph, folder / packs.VISION)
    if weights is Weights.INT8:
        to_int8(folder / packs.VISION)
    return Pack(
        folder=folder,
        name=f"vit-b-32 {weights}",
        dimensions=DIMENSIONS,
        image=ImageInput(SIZE, Resize.SHORTEST_EDGE_CROP, Resample.BICUBIC),
        context=CONTEXT,
        calibrations=dict.fromkeys(Pair, Calibration(0.1, 0.5)),
        licence="none",
        source="random numbers",
        files={},
    )


def session(path: Path) -> ort.InferenceSession:
    """As anybody would open it, with as many threads."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def a_second(call: Callable[[], object]) -> float:
    """Pictures a second of one pass over all of them."""
    started = time.perf_counter()
    call()
    return PICTURES / (time.perf_counter() - started)


def measure(export: Path, folder: Path, weights: Weights) -> None:
    pack = pack_of(export, folder, weights)
    embedder = OnnxEmbedder(pack, THREADS)
    pixels = np.random.default_rng(3).integers(0, 256, (PICTURES, SIZE, SIZE, 3), dtype=np.uint8)
    bare = session(folder / packs.VISION)

    def bare_loop() -> None:
        for start in range(0, PICTURES, BATCH):
            bare.run(None, {"pixels": pixels[start : start + BATCH]})

    # In turn, and the best of each: whatever else the machine does only ever slows a round down.
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(a_second(bare_loop))
        ours.append(a_second(lambda: embedder.images(pixels)))
    share = max(ours) / max(theirs)
    size = sum(path.stat().st_size for path in (folder / "onnx").iterdir()) / 1e6
    print(f"\n{pack.name}, vision tower of {size:.0f} MB, batches of {BATCH}, {THREADS} threads")
    print(f"  bare loop   {max(theirs):6.1f} pictures a second")
    print(f"  embedder    {max(ours):6.1f} pictures a second")
    print(f"  share {share:.3f} of at least {LEAST} {'ok' if share >= LEAST else 'UNDER'}")
    print(
        f"  one bare    {summary(times_ms(lambda _: bare.run(None, {'pixels': pixels[:1]}), 20))}"
    )
    print(f"  one by us   {summary(times_ms(lambda _: embedder.images(pixels[:1]), 20))}")


def main() -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        export = Path(name) / "export" / packs.VISION
        write_vision(export)
        for weights in map(Weights, sys.argv[1:] or Weights):
            folder = Path(name) / weights
            (folder / "onnx").mkdir(parents=True)
            write_no_text(folder / packs.TEXT, CONTEXT)
            shutil.copyfile(builtin_pack_folder() / packs.TOKENIZER, folder / packs.TOKENIZER)
            measure(export, folder, weights)


if __name__ == "__main__":
    main()
