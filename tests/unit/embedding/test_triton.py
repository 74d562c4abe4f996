"""Calls to a model server, against a stand-in that speaks Triton's protocol: what is tried again,
for how long, and what is said when a server is away or another one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf import text_format
from tritonclient.grpc import service_pb2
from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.grpc.service_pb2_grpc import (
    GRPCInferenceServiceServicer,
    add_GRPCInferenceServiceServicer_to_server,
)

from lookalike.embedding.packs import Pack
from lookalike.embedding.protocol import Pixels
from lookalike.embedding.repository import Kind, configuration
from lookalike.embedding.towers import image_tower, text_tower
from lookalike.embedding.triton import IN_FLIGHT, TritonEmbedder, TritonModel, served_by
from lookalike.embedding.triton_wire import BATCH, QUERY, Haste, Wire
from lookalike.errors import Misconfigured, ModelAway

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


@dataclass
class Server(GRPCInferenceServiceServicer):  # type: ignore[misc]
    """Answers each row with a unit vector, after the refusals that it was told to begin with."""

    pack: Pack
    refusals: list[grpc.StatusCode] = field(default_factory=list)
    takes_s: float = 0.0
    length: float = 1.0
    is_loaded: bool = True
    changed: Callable[[ModelConfig], object] = lambda _: None
    asked: list[Any] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    address: str = ""

    def ModelConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        towers = {each.name: each for each in (image_tower(self.pack), text_tower(self.pack))}
        text = configuration(self.pack, towers[request.name], Kind.CPU)
        config = text_format.Parse(text, ModelConfig())
        if self.changed(config) is NotImplemented:
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown model")
        return service_pb2.ModelConfigResponse(config=config)

    def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        return service_pb2.ModelReadyResponse(ready=self.is_loaded)

    def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.asked.append(request)
        if self.refusals:
            context.abort(self.refusals.pop(0), "as told")
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        time.sleep(self.takes_s)
        self.at_once -= 1
        vectors = np.zeros((request.inputs[0].shape[0], 256), np.float32)
        vectors[:, 0] = self.length
        return service_pb2.ModelInferResponse(raw_output_contents=[vectors.tobytes()])


@contextmanager
def running(pack: Pack) -> Iterator[Server]:
    made = Server(pack)
    running = grpc.server(ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", -1)])
    add_GRPCInferenceServiceServicer_to_server(made, running)
    made.address = f"grpc://127.0.0.1:{running.add_insecure_port('127.0.0.1:0')}"
    running.start()
    yield made
    running.stop(None).wait()


@pytest.fixture
def server(pack: Pack) -> Iterator[Server]:
    with running(pack) as made:
        yield made


@pytest.fixture
def model(pack: Pack, server: Server) -> TritonModel:
    return TritonModel(pack, Wire(server.address))


def pictures(count: int) -> Pixels:
    return np.zeros((count, 160, 160, 3), np.uint8)


def test_a_server_away_for_a_moment_is_tried_again(model: TritonModel, server: Server) -> None:
    server.refusals = [UNAVAILABLE] * 3
    assert TritonEmbedder(model, BATCH).images(pictures(1)).shape == (1, 256)
    assert len(server.asked) == 4


def test_a_shopper_is_told_soon_that_it_is_away(model: TritonModel, server: Server) -> None:
    server.refusals = [UNAVAILABLE] * 100
    started = time.monotonic()
    with pytest.raises(ModelAway, match=r"does not answer\. Try again in a minute"):
        TritonEmbedder(model, QUERY).texts(["Mug"])
    assert time.monotonic() - started < 2 * QUERY.deadline_s
    assert 2 <= len(server.asked) <= 10, "the pauses grow"


def test_any_other_refusal_is_not_tried_again(model: TritonModel, server: Server) -> None:
    server.refusals = [grpc.StatusCode.INTERNAL]
    with pytest.raises(ModelAway, match="log says why") as away:
        TritonEmbedder(model, BATCH).images(pictures(1))
    assert "as told" not in away.value.detail
    assert len(server.asked) == 1


def test_a_call_has_a_deadline(model: TritonModel, server: Server) -> None:
    server.takes_s = 3.0
    started = time.monotonic()
    with pytest.raises(ModelAway, match="too long"):
        TritonEmbedder(model, Haste(1, deadline_s=0.2, retry_s=5)).images(pictures(1))
    assert time.monotonic() - started < server.takes_s


def test_several_batches_are_under_way_and_stay_in_order(
    model: TritonModel, server: Server
) -> None:
    server.takes_s = 0.05
    made = TritonEmbedder(model, BATCH).images(pictures(32 * 8 + 5))
    assert made.shape == (32 * 8 + 5, 256)
    assert sorted(each.inputs[0].shape[0] for each in server.asked) == [5, *[32] * 8]
    assert server.most_at_once == IN_FLIGHT


def test_a_request_names_the_pack_s_version_and_its_priority(
    model: TritonModel, server: Server
) -> None:
    for haste in (QUERY, BATCH):
        TritonEmbedder(model, haste).images(pictures(1))
    versions = {each.model_version for each in server.asked}
    assert versions == {str(int(model.pack.digest[:8], 16))}
    assert [each.parameters["priority"].uint64_param for each in server.asked] == [1, 2]


@pytest.mark.parametrize("length", [0.5, float("nan")])
def test_vectors_of_another_length_are_not_taken(
    model: TritonModel, server: Server, length: float
) -> None:
    server.length = length
    with pytest.raises(ModelAway, match="log says why"):
        TritonEmbedder(model, BATCH).images(pictures(1))


def _renamed(config: ModelConfig) -> None:
    config.input[0].name = "data"


def _of_floats(config: ModelConfig) -> None:
    config.input[0].data_type = 11


def _narrow(config: ModelConfig) -> None:
    config.output[0].dims[0] = 64


def _two_inputs(config: ModelConfig) -> None:
    config.input.add(name="mask")


def _one_by_one(config: ModelConfig) -> None:
    config.max_batch_size = 0


def _of_another_pack(config: ModelConfig) -> None:
    config.parameters["pack_digest"].string_value = "ab" * 32


def _of_no_pack(config: ModelConfig) -> None:
    config.parameters.clear()


def _missing(config: ModelConfig) -> object:
    return NotImplemented


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_renamed, "takes data UINT8 [160, 160, 3], where the pack mini has pixels UINT8 [160"),
        (_of_floats, "takes pixels FP32 [160, 160, 3], where"),
        (_narrow, "gives image_embeds FP32 [64], where the pack mini has image_embeds FP32 [256]"),
        (_two_inputs, "takes more than pixels"),
        (_one_by_one, "takes no batches"),
        (_of_another_pack, "is of another pack (its pack_digest is abababababab, that of the pack"),
        (_of_no_pack, "is of another pack (its pack_digest is none"),
        (_missing, "serves no model clip_image"),
        (_missing, "another GPU, run build_engines.py where it serves"),
    ],
)
def test_a_server_of_something_else_is_refused_in_a_sentence(
    model: TritonModel, server: Server, change: Callable[[ModelConfig], object], words: str
) -> None:
    server.changed = change
    with pytest.raises(Misconfigured) as refused:
        model.check()
    assert words in refused.value.detail
    assert server.address in refused.value.detail
    assert "correct LOOKALIKE_TRITON_URL" in refused.value.detail


def test_a_version_that_is_not_loaded_is_refused(model: TritonModel, server: Server) -> None:
    server.is_loaded = False
    with pytest.raises(Misconfigured, match=r"is not ready.* run build_engines\.py"):
        model.check()


def test_a_server_that_was_mended_is_used_without_a_new_start(
    model: TritonModel, server: Server
) -> None:
    server.changed = _narrow
    with pytest.raises(ModelAway):
        TritonEmbedder(model, BATCH).images(pictures(1))
    server.changed = lambda _: None
    assert TritonEmbedder(model, BATCH).images(pictures(1)).shape == (1, 256)


def test_after_a_refusal_the_server_is_checked_again(model: TritonModel, server: Server) -> None:
    embedder = TritonEmbedder(model, BATCH)
    embedder.images(pictures(1))
    server.refusals, server.changed = [grpc.StatusCode.NOT_FOUND], _narrow
    for _ in range(2):
        with pytest.raises(ModelAway):
            embedder.images(pictures(1))
    assert len(server.asked) == 2, "the second was refused by the check"


def test_nobody_there_is_told_in_a_sentence(pack: Pack) -> None:
    model = TritonModel(pack, Wire("grpc://127.0.0.1:1"))
    with pytest.raises(ModelAway, match="does not answer"):
        model.check()


def test_a_width_of_another_pack_is_refused(pack: Pack, server: Server) -> None:
    with pytest.raises(Misconfigured, match=r"where the pack mini has image_embeds FP32 \[512\]"):
        TritonModel(replace(pack, dimensions=512), Wire(server.address)).check()


def test_of_two_servers_the_one_that_serves_the_pack_is_asked(pack: Pack, server: Server) -> None:
    with running(replace(pack, context=77)) as other:
        for pack_there, there in ((pack, server), (other.pack, other)):
            model = served_by([server.address, other.address], pack_there)
            TritonEmbedder(model, BATCH).images(pictures(1))
            assert len(there.asked) == 1


def test_a_server_that_is_away_at_start_may_come_later(pack: Pack) -> None:
    with running(pack) as gone:
        pass
    model = served_by([gone.address], pack)
    with pytest.raises(ModelAway):
        TritonEmbedder(model, QUERY).images(pictures(1))


def test_servers_that_are_there_and_serve_another_pack_are_refused(
    pack: Pack, server: Server
) -> None:
    with pytest.raises(Misconfigured, match="is of another pack"):
        served_by([server.address], replace(pack, files={}))
