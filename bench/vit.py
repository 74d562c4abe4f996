"""A vision tower of the size and shape of CLIP ViT-B/32, its weights random: as fast as the real
one, and as large."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

WIDTH, LAYERS, HEADS, INNER, PATCH, SIZE, DIMENSIONS = 768, 12, 12, 3072, 32, 224, 512
TOKENS = (SIZE // PATCH) ** 2 + 1


class Builder:
    """Weights and nodes in the order in which they come."""

    def __init__(self) -> None:
        self._chance = np.random.default_rng(1)
        self.weights: list[TensorProto] = []
        self.nodes: list[NodeProto] = []

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        output = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def fixed(self, value: Any) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def random(self, *shape: int) -> str:
        spread = np.prod(shape[:-1]) ** -0.5
        return self.fixed(self._chance.normal(0, spread, shape).astype(np.float32))

    def linear(self, x: str, wide: int, out: int) -> str:
        product = self.add("MatMul", x, self.random(wide, out))
        return self.add("Add", product, self.fixed(np.zeros(out, np.float32)))

    def norm(self, x: str) -> str:
        ones, zeros = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
        return self.add("LayerNormalization", x, self.fixed(ones), self.fixed(zeros), axis=-1)

    def heads(self, x: str, order: Sequence[int]) -> str:
        shape = self.fixed(np.array([0, TOKENS, HEADS, WIDTH // HEADS]))
        return self.add("Transpose", self.add("Reshape", x, shape), perm=order)

    def block(self, x: str) -> str:
        """Attention, then two layers with CLIP's own gelu."""
        y = self.norm(x)
        query, value = (self.heads(self.linear(y, WIDTH, WIDTH), [0, 2, 1, 3]) for _ in range(2))
        key = self.heads(self.linear(y, WIDTH, WIDTH), [0, 2, 3, 1])
        query = self.add("Mul", query, self.fixed(np.float32((WIDTH // HEADS) ** -0.5)))
        seen = self.add("MatMul", self.add("Softmax", self.add("MatMul", query, key)), value)
        flat = self.add("Transpose", seen, perm=[0, 2, 1, 3])
        joined = self.add("Reshape", flat, self.fixed(np.array([0, TOKENS, WIDTH])))
        x = self.add("Add", x, self.linear(joined, WIDTH, WIDTH))
        y = self.linear(self.norm(x), WIDTH, INNER)
        gate = self.add("Sigmoid", self.add("Mul", y, self.fixed(np.float32(1.702))))
        return self.add("Add", x, self.linear(self.add("Mul", y, gate), INNER, WIDTH))


def write_no_text(path: Path, context: int) -> None:
    """A text tower that is none, for a pack that only looks."""
    b = Builder()
    floats = b.add("Cast", "input_ids", to=TensorProto.FLOAT)
    b.nodes.append(
        helper.make_node("MatMul", [floats, b.random(context, DIMENSIONS)], ["text_embeds"])
    )
    taken = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", context])
    given = helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["batch", DIMENSIONS])
    _save(b, "no_text", taken, given, path)


def write_vision(path: Path) -> None:
    """Writes the tower as an export has it: `pixel_values` in, `image_embeds` out."""
    b = Builder()
    filters = b.fixed(
        np.random.default_rng(2).normal(0, 0.02, (WIDTH, 3, PATCH, PATCH)).astype(np.float32)
    )
    patches = b.add("Conv", "pixel_values", filters, kernel_shape=[PATCH] * 2, strides=[PATCH] * 2)
    rows = b.add("Reshape", patches, b.fixed(np.array([0, WIDTH, TOKENS - 1])))
    x = b.add("Transpose", rows, perm=[0, 2, 1])
    x = b.add("Pad", x, b.fixed(np.array([0, 1, 0, 0, 0, 0])))
    x = b.norm(b.add("Add", x, b.random(1, TOKENS, WIDTH)))
    for _ in range(LAYERS):
        x = b.block(x)
    first = b.add("Gather", x, b.fixed(np.array(0)), axis=1)
    projected = b.add("MatMul", b.norm(first), b.random(WIDTH, DIMENSIONS))
    b.nodes.append(helper.make_node("Identity", [projected], ["image_embeds"]))
    taken = helper.make_tensor_value_info(
        "pixel_values", TensorProto.FLOAT, ["batch_size", 3, SIZE, SIZE]
    )
    given = helper.make_tensor_value_info(
        "image_embeds", TensorProto.FLOAT, ["batch_size", DIMENSIONS]
    )
    _save(b, "vit", taken, given, path)


def _save(b: Builder, name: str, taken: Any, given: Any, path: Path) -> None:
    graph = helper.make_graph(b.nodes, name, [taken], [given], b.weights)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path
    )
