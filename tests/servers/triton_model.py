"""The model that the tests' Triton runs: the graph of a pack on ONNX Runtime, in Triton's Python
backend, since the server that the tests can fetch has no other.

It runs in Triton's own process and Python, so it knows nothing of this project."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as triton


class TritonPythonModel:
    """One instance of a model."""

    def initialize(self, args: dict[str, str]) -> None:
        """Loads the graph that stands beside this file."""
        config = json.loads(args["model_config"])
        self._takes, self._gives = config["input"][0]["name"], config["output"][0]["name"]
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        graph = Path(args["model_repository"], args["model_version"], "model.onnx")
        self._session = ort.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"]
        )

    def execute(self, requests: list[Any]) -> list[Any]:
        """One answer a request: Triton gives those of a batch together, and the graph runs once."""
        rows = [triton.get_input_tensor_by_name(each, self._takes).as_numpy() for each in requests]
        (made,) = self._session.run([self._gives], {self._takes: np.concatenate(rows)})
        ends = np.cumsum([len(each) for each in rows])[:-1]
        return [
            triton.InferenceResponse([triton.Tensor(self._gives, part)])
            for part in np.split(made, ends)
        ]
