"""Model packs that tests make."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from lookalike.embedding.packs import (
    TEXT,
    VISION,
    builtin_pack_folder,
    checksums,
    load_pack,
    write_pack,
)


def narrow_pack(folder: Path, dimensions: int = 192) -> Path:
    """The built-in model with only its last dimensions, of unit length again: another model of
    another width, whose vectors are nearly as good."""
    shutil.copytree(builtin_pack_folder(), folder, ignore=shutil.ignore_patterns("*.md", "*.py"))
    for name in (VISION, TEXT):
        model = onnx.load(folder / name)
        _narrow(model, dimensions)
        onnx.checker.check_model(model)
        onnx.save(model, folder / name)
    pack = replace(load_pack(builtin_pack_folder()), folder=folder, name="narrow")
    write_pack(replace(pack, dimensions=dimensions, files=checksums(folder)))
    return folder


def _narrow(model: onnx.ModelProto, dimensions: int) -> None:
    graph = model.graph
    output = graph.output[0]
    for node in graph.node:
        node.output[:] = ["wide" if each == output.name else each for each in node.output]
    for name, value in (("starts", -dimensions), ("ends", sys.maxsize), ("axes", 1)):
        graph.initializer.append(numpy_helper.from_array(np.array([value]), name))
    graph.node.extend(
        [
            helper.make_node("Slice", ["wide", "starts", "ends", "axes"], ["narrow"]),
            helper.make_node("ReduceL2", ["narrow"], ["length"], axes=[1], keepdims=1),
            helper.make_node("Div", ["narrow", "length"], [output.name]),
        ]
    )
    output.type.tensor_type.shape.dim[1].dim_value = dimensions
