"""Graph surgery: what every pack takes and gives, put around what an export takes and gives.

In front of the vision tower: bytes become floats, are scaled and normalised, and their channels
change places. Behind both towers: unit length. All new names begin with `lookalike/`, so that they
meet none of the export's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import (
    AttributeProto,
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    helper,
    numpy_helper,
)

from lookalike.embedding.packing.export import Normalisation
from lookalike.errors import Misconfigured

IMAGE_OUTPUTS = ("image_embeds", "pooler_output")
TEXT_OUTPUTS = ("text_embeds", "pooler_output")
"""What an export may call the vector that is searched, best first: CLIP projects, SigLIP pools."""

LEAST_OPSET = 11
MOST_BYTES = 1_900_000_000
"""Of one file: protobuf ends at 2 GiB. Weights beyond that go into a file beside it."""

OURS = "lookalike/"


def read_graph(path: Path) -> ModelProto:
    """The graph of an export, with the weights that stand beside it. Raises `Misconfigured`."""
    try:
        model = onnx.load(path)
    except Exception as error:
        raise Misconfigured(f"{path} cannot be read: {error}. Fetch it again.") from error
    opset = max((each.version for each in model.opset_import if not each.domain), default=0)
    if opset < LEAST_OPSET:
        raise Misconfigured(
            f"{path} is of opset {opset}, and at least {LEAST_OPSET} is needed. Export it again."
        )
    return model


def write_graph(model: ModelProto, path: Path) -> None:
    """Writes a graph, its weights into a file beside it where one file cannot hold them."""
    size = sum(len(each.raw_data) for each in model.graph.initializer)
    path.parent.mkdir(parents=True, exist_ok=True)
    if size < MOST_BYTES:
        onnx.save(model, path)
    else:
        onnx.save(model, path, save_as_external_data=True, location=f"{path.name}_data")


def inputs_of(graph: GraphProto) -> dict[str, int]:
    """The inputs that a caller must give, with their types. Old exports name weights there too."""
    weights = {each.name for each in graph.initializer}
    return {
        each.name: each.type.tensor_type.elem_type
        for each in graph.input
        if each.name not in weights
    }


def output_of(graph: GraphProto, names: Sequence[str], path: Path) -> str:
    """The output that is the vector. Raises `Misconfigured`."""
    there = [each.name for each in graph.output]
    for name in names:
        if name in there:
            return name
    raise Misconfigured(
        f"{path} gives {', '.join(there)}, and none of {', '.join(names)}. Export the model with "
        "its projection."
    )


def adapt_vision(model: ModelProto, path: Path, size: int, normalisation: Normalisation) -> None:
    """Makes the graph take `pixels` and give `image_embeds`, in place. Raises `Misconfigured`."""
    graph = model.graph
    inputs = inputs_of(graph)
    if len(inputs) != 1:
        raise Misconfigured(f"{path} takes {', '.join(inputs)}, and one input was expected.")
    ((taken, kind),) = inputs.items()
    std = np.array(normalisation.std)
    scale = _weight(graph, "scale", np.float32(normalisation.scale / std))
    shift = _weight(graph, "shift", np.float32(-np.array(normalisation.mean) / std))
    before = [
        _node("Cast", ["pixels"], "floats", to=TensorProto.FLOAT),
        _node("Mul", [f"{OURS}floats", scale], "scaled"),
        _node("Add", [f"{OURS}scaled", shift], "shifted"),
        _node("Transpose", [f"{OURS}shifted"], "channels_first", perm=[0, 3, 1, 2]),
        helper.make_node(
            "Cast", [f"{OURS}channels_first"], [taken], name=f"{OURS}as_taken", to=kind
        ),
    ]
    _put_before(graph, before)
    _take(graph, "pixels", TensorProto.UINT8, (size, size, 3))
    _give(graph, output_of(graph, IMAGE_OUTPUTS, path), "image_embeds")


def adapt_text(
    model: ModelProto, path: Path, context: int, *, pad: int | None, pad_is_end: bool
) -> None:
    """Makes the graph take `input_ids` alone and give `text_embeds`, in place. `pad`: the id that
    an attention mask leaves out, None where every position counts. Raises `Misconfigured`."""
    graph = model.graph
    inputs = inputs_of(graph)
    if "input_ids" not in inputs or inputs.keys() - {"input_ids", "attention_mask"}:
        raise Misconfigured(
            f"{path} takes {', '.join(inputs)}, where input_ids, and attention_mask besides, are "
            "all that can be given. Export the text tower alone."
        )
    ids = f"{OURS}ids"
    _rename(graph, "input_ids", ids)
    before = [helper.make_node("Cast", ["input_ids"], [ids], name=ids, to=inputs["input_ids"])]
    if "attention_mask" in inputs:
        before += _mask(graph, pad, pad_is_end=pad_is_end)
        before[-1].attribute[0].i = inputs["attention_mask"]
    _put_before(graph, before)
    _take(graph, "input_ids", TensorProto.INT64, (context,))
    _give(graph, output_of(graph, TEXT_OUTPUTS, path), "text_embeds")


def _mask(graph: GraphProto, pad: int | None, *, pad_is_end: bool) -> list[NodeProto]:
    """Nodes that make the attention mask out of the ids; the last is the cast to its type."""
    if pad is None:
        seen = [_node("Equal", ["input_ids", "input_ids"], "seen")]
    elif pad_is_end:
        # The first of these tokens ends the text and counts; those behind it are padding. Counted
        # in floats, since TensorRT sums up no whole numbers.
        seen = [
            _node("Equal", ["input_ids", _weight(graph, "pad", np.int64(pad))], "ends"),
            _node("Cast", [f"{OURS}ends"], "ends_counted", to=TensorProto.FLOAT),
            _node(
                "CumSum",
                [f"{OURS}ends_counted", _weight(graph, "positions", np.int64(1))],
                "ends_before",
                exclusive=1,
            ),
            _node("Equal", [f"{OURS}ends_before", _weight(graph, "none", np.float32(0))], "seen"),
        ]
    else:
        seen = [
            _node("Equal", ["input_ids", _weight(graph, "pad", np.int64(pad))], "padded"),
            _node("Not", [f"{OURS}padded"], "seen"),
        ]
    cast = helper.make_node(
        "Cast", [f"{OURS}seen"], ["attention_mask"], name=f"{OURS}mask", to=TensorProto.INT64
    )
    return [*seen, cast]


def _node(op: str, inputs: Sequence[str], output: str, **attributes: Any) -> NodeProto:
    return helper.make_node(op, inputs, [OURS + output], name=OURS + output, **attributes)


def _weight(graph: GraphProto, name: str, value: ArrayLike) -> str:
    graph.initializer.append(numpy_helper.from_array(np.asarray(value), OURS + name))
    return OURS + name


def _put_before(graph: GraphProto, nodes: Sequence[NodeProto]) -> None:
    """Nodes stand in the order in which they run."""
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *rest])


def _take(graph: GraphProto, name: str, kind: int, shape: tuple[int, ...]) -> None:
    """One input, its first dimension free. What the exporter noted of shapes inside no longer
    holds."""
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info(name, kind, ("batch", *shape)))
    del graph.value_info[:]


def _give(graph: GraphProto, found: str, name: str) -> None:
    """One output, of unit length."""
    raw = f"{OURS}raw"
    _rename(graph, found, raw)
    graph.node.extend(
        [
            _node("Cast", [raw], "raw_floats", to=TensorProto.FLOAT),
            helper.make_node(
                "LpNormalization", [f"{OURS}raw_floats"], [name], name=f"{OURS}unit", axis=-1, p=2
            ),
        ]
    )
    width = helper.make_tensor_value_info(name, TensorProto.FLOAT, ("batch", "dimensions"))
    del graph.output[:]
    graph.output.append(width)


def _rename(graph: GraphProto, old: str, new: str) -> None:
    """One tensor's name, wherever it is read or made, also in branches and loops."""
    for node in graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name == old:
                    names[place] = new
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                _rename(attribute.g, old, new)
