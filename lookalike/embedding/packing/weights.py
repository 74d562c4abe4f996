"""Smaller weights, on request, and graphs that compute in half precision, for TensorRT."""

from __future__ import annotations

import logging
from enum import StrEnum
from pathlib import Path

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import float16
from onnxruntime.transformers.onnx_model import OnnxModel

from lookalike.errors import Misconfigured

FLOAT16_MOST = float(np.finfo(np.float16).max)
LEAST_ELEMENTS = 1024
"""Smaller tensors (norms, biases) save nothing and matter most."""


IN_FLOAT32 = (
    "LayerNormalization",
    "LpNormalization",
    "Pow",
    "ReduceL2",
    "ReduceMean",
    "Softmax",
    "Sqrt",
    "DequantizeLinear",
)
"""What is left in float32 in half precision: sums and squares, which overflow or lose the most."""

IN_WHOLE_NUMBERS = ("DynamicQuantizeLinear", "MatMulInteger")
"""What `to_int8` leaves in a graph."""


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


def in_half_precision(path: Path) -> ModelProto:
    """The graph in `path`, computing in float16, with the same inputs and outputs. For engines: a
    CPU is no faster with it. Raises `Misconfigured` for a graph in 8 bits."""
    model: ModelProto = float16.convert_float_to_float16(
        str(path),
        keep_io_types=True,
        op_block_list=[*float16.DEFAULT_OP_BLOCK_LIST, *IN_FLOAT32],
    )
    if any(node.op_type in IN_WHOLE_NUMBERS for node in model.graph.node):
        raise Misconfigured(
            f"{path} is in 8 bits, which are for processors and not for TensorRT. Make the pack "
            "again with --weights float32, or serve it with --kind onnxruntime."
        )
    OnnxModel(model).topological_sort()
    return model
