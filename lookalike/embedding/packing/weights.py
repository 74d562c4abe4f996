"""Smaller weights, on request."""

from __future__ import annotations

import logging
from enum import StrEnum
from pathlib import Path

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

FLOAT16_MOST = float(np.finfo(np.float16).max)
LEAST_ELEMENTS = 1024
"""Smaller tensors (norms, biases) save nothing and matter most."""


class Weights(StrEnum):
    """How a pack keeps its weights."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8 = "int8"


def to_float16(model: ModelProto) -> None:
    """Halves the file, in place. The weights are widened when the graph is loaded, so whatever runs
    it computes in float32 as before: nothing overflows, and no machine needs float16 arithmetic."""
    casts: list[NodeProto] = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < LEAST_ELEMENTS:
            continue
        values = numpy_helper.to_array(weight)
        if np.abs(values).max() > FLOAT16_MOST:
            continue
        name = weight.name
        half = numpy_helper.from_array(values.astype(np.float16), f"{name}_float16")
        weight.CopyFrom(half)
        casts.append(helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT))
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *rest])


def to_int8(path: Path) -> None:
    """A quarter of the file, in place: the matrices and the table of tokens in 8 bits, one scale a
    column. For processors: multiplied in whole numbers, what flows through rounded as it comes.

    Unsigned, because signed weights overflow in silence on processors without VNNI.
    """
    whole = path.with_suffix(".float32")
    path.replace(whole)
    # It advises a preparation that is for convolutions.
    logging.getLogger().disabled, before = True, logging.getLogger().disabled
    try:
        quantize_dynamic(
            whole,
            path,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
            per_channel=True,
            weight_type=QuantType.QUInt8,
        )
    finally:
        logging.getLogger().disabled = before
    whole.unlink()
