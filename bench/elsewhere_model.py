"""A model that stands for one on a machine of its own: each row takes its time and none of this
machine's processors. It runs in the tests' Triton, in place of `tests/servers/triton_model.py`."""

import json
import time
from typing import Any

import numpy as np
import triton_python_backend_utils as triton

SECONDS_A_PICTURE = 0.02
SECONDS_A_TEXT = 0.001


class TritonPythonModel:
    """One instance of a model."""

    def initialize(self, args: dict[str, str]) -> None:
        """Reads what it takes and gives."""
        config = json.loads(args["model_config"])
        self._takes, self._gives = config["input"][0], config["output"][0]
        pictures = len(self._takes["dims"]) == 3
        self._seconds = SECONDS_A_PICTURE if pictures else SECONDS_A_TEXT
        self._width = int(self._gives["dims"][0])

    def execute(self, requests: list[Any]) -> list[Any]:
        """Each row gets the same vector, once the time of all of them is over."""
        rows = [
            len(triton.get_input_tensor_by_name(each, self._takes["name"]).as_numpy())
            for each in requests
        ]
        time.sleep(sum(rows) * self._seconds)
        return [
            triton.InferenceResponse([triton.Tensor(self._gives["name"], self._vectors(count))])
            for count in rows
        ]

    def _vectors(self, count: int) -> Any:
        return np.full((count, self._width), self._width**-0.5, dtype=np.float32)
