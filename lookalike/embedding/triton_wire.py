"""Calls to a Triton server over gRPC: one channel a process, a deadline for each call, and another
try where the server is away for a moment."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import grpc
import structlog
from tritonclient.grpc import service_pb2, service_pb2_grpc

from lookalike.errors import ModelAway

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0

_OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # gRPC's own wait before it connects again grows to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 2000),
    # The server is one of ours: a proxy of the environment's is for the world outside.
    ("grpc.enable_http_proxy", 0),
]

UNUSABLE = "The model server cannot be used at the moment. The service's log says why."


@dataclass(frozen=True, slots=True)
class Haste:
    """How a caller waits: for one try, and for how long a server that is away is tried again.
    `priority` is Triton's: 1 goes before 2."""

    priority: int
    deadline_s: float
    retry_s: float


QUERY = Haste(priority=1, deadline_s=2.0, retry_s=0.5)
"""A shopper waits."""

BATCH = Haste(priority=2, deadline_s=30.0, retry_s=20.0)
"""A worker, which has leases that it renews. A server that is started anew is back in this time."""


class NoSuchModel(ModelAway):
    """The server is there, and does not serve what was asked for."""


class Pending:
    """A call that is under way."""

    def __init__(self, start: Callable[[], Any], haste: Haste, address: str) -> None:
        self._start, self._address = start, address
        self._until = time.monotonic() + haste.retry_s
        self._future = start()

    def answer(self) -> Any:
        """The server's answer. Raises `ModelAway`."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return self._future.result()
            except grpc.RpcError as error:
                away = error.code() is grpc.StatusCode.UNAVAILABLE
                if not away or time.monotonic() + pause_s > self._until:
                    raise _words(error, self._address) from error
            # Not all at the same moment, when many wait for one server.
            time.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            self._future = self._start()

    def cancel(self) -> None:
        """Nobody waits for the answer any more."""
        self._future.cancel()


class Wire:
    """A Triton server, by `grpc://host:port` or `grpcs://host:port`. Thread-safe. It connects at
    its first call, and anew in a process that was forked off: no channel outlives a fork."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._pid = 0
        self._stub: Any = None

    def infer(self, request: service_pb2.ModelInferRequest, haste: Haste) -> Pending:
        """Starts an inference."""
        request.parameters["priority"].uint64_param = haste.priority
        return self._begin("ModelInfer", request, haste)

    def config(self, model: str, haste: Haste) -> Any:
        """The `ModelConfig` of a model. Raises `NoSuchModel` and `ModelAway`."""
        request = service_pb2.ModelConfigRequest(name=model)
        return self._begin("ModelConfig", request, haste).answer().config

    def is_ready(self, model: str, version: str, haste: Haste) -> bool:
        """Whether this version of a model can be asked. Raises `ModelAway`."""
        request = service_pb2.ModelReadyRequest(name=model, version=version)
        return bool(self._begin("ModelReady", request, haste).answer().ready)

    def _begin(self, method: str, request: object, haste: Haste) -> Pending:
        def start() -> Any:
            call = getattr(self._connected(), method)
            return call.future(request, timeout=haste.deadline_s)

        return Pending(start, haste, self.address)

    def _connected(self) -> Any:
        with self._lock:
            if self._pid != os.getpid():
                self._stub = service_pb2_grpc.GRPCInferenceServiceStub(_channel(self.address))
                self._pid = os.getpid()
            return self._stub


def _channel(address: str) -> Any:
    parts = urlsplit(address)
    if parts.scheme == "grpcs":
        return grpc.secure_channel(parts.netloc, grpc.ssl_channel_credentials(), _OPTIONS)
    return grpc.insecure_channel(parts.netloc, _OPTIONS)


def _words(error: grpc.RpcError, address: str) -> ModelAway:
    """gRPC's own words go to the log only: the sentence may reach a shopper."""
    code = error.code()
    log.warning("model_server_away", server=address, status=code.name, reason=error.details())
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return ModelAway("The model server takes too long to answer. Try again in a minute.")
    if code is grpc.StatusCode.UNAVAILABLE:
        return ModelAway("The model server does not answer. Try again in a minute.")
    return (NoSuchModel if code is grpc.StatusCode.NOT_FOUND else ModelAway)(UNUSABLE)
