"""The embedder on a real Triton: the same vectors as in the process, batches that the server makes,
and servers that serve something else."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import (
    ImageInput,
    Pack,
    Resample,
    Resize,
    builtin_pack_folder,
    load_pack,
)
from lookalike.embedding.protocol import Pixels, Vectors
from lookalike.embedding.repository import MOST_AT_ONCE
from lookalike.embedding.triton import IN_FLIGHT, TritonEmbedder, TritonModel
from lookalike.embedding.triton_wire import BATCH, QUERY, Haste, Wire
from lookalike.errors import Misconfigured, ModelAway
from tests.e2e.harness import eventually


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(builtin_pack_folder())


@pytest.fixture(scope="module")
def here(pack: Pack) -> OnnxEmbedder:
    return OnnxEmbedder(pack, threads=1)


@pytest.fixture
def model(pack: Pack, triton_url: str) -> TritonModel:
    return TritonModel(pack, Wire(triton_url))


@pytest.fixture
def there(model: TritonModel) -> TritonEmbedder:
    return TritonEmbedder(model, BATCH)


@pytest.fixture
def server(triton_url: str) -> Iterator[service_pb2_grpc.GRPCInferenceServiceStub]:
    with grpc.insecure_channel(triton_url.removeprefix("grpc://")) as channel:
        yield service_pb2_grpc.GRPCInferenceServiceStub(channel)


def pictures(count: int) -> Pixels:
    """Coarse patches of colour, each picture another."""
    coarse = np.random.default_rng(seed=1).integers(0, 256, (count, 5, 5, 3), dtype=np.uint8)
    return coarse.repeat(32, axis=1).repeat(32, axis=2)


def nearness(one: Vectors, other: Vectors) -> float:
    """The least cosine of any row with its counterpart."""
    return float(np.sum(one * other, axis=1).min())


def test_a_server_that_serves_the_pack_is_accepted(model: TritonModel) -> None:
    model.check()


@pytest.mark.parametrize("count", [1, MOST_AT_ONCE, IN_FLIGHT * MOST_AT_ONCE + 7])
def test_pictures_get_the_vectors_that_they_get_in_the_process(
    here: OnnxEmbedder, there: TritonEmbedder, count: int
) -> None:
    many = pictures(count)
    assert nearness(here.images(many), there.images(many)) >= 0.9999


def test_texts_get_the_vectors_that_they_get_in_the_process(
    here: OnnxEmbedder, there: TritonEmbedder
) -> None:
    texts = ["", "Blue mug", "молоко", "牛乳パック", "\x00", "brown leather shoe " * 20]
    texts += [f"Mug number {number}" for number in range(2 * MOST_AT_ONCE)]
    assert nearness(here.texts(texts), there.texts(texts)) >= 0.9999


def test_nothing_gives_no_vectors(there: TritonEmbedder) -> None:
    assert there.images(pictures(1)[:0]).shape == (0, 256)
    assert there.texts([]).shape == (0, 256)


def test_the_server_makes_batches_of_what_comes_at_once(
    there: TritonEmbedder, server: service_pb2_grpc.GRPCInferenceServiceStub
) -> None:
    def statistics() -> service_pb2.ModelStatistics:
        asked = service_pb2.ModelStatisticsRequest(name="clip_image")
        (found,) = server.ModelStatistics(asked).model_stats
        return found

    before, each = statistics(), list(pictures(64)[:, None])
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(there.images, each))
    # Triton counts a call after it has answered it.
    after = eventually(
        lambda: (
            found
            if (found := statistics()).inference_count - before.inference_count == 64
            else None
        )
    )
    assert after.execution_count - before.execution_count < 64


def finished_before(
    model: TritonModel, server: service_pb2_grpc.GRPCInferenceServiceStub, haste: Haste
) -> int:
    """How many of a worker's sixty calls, made at once, are answered before one of this haste that
    comes behind them on the same connection."""

    def request(rows: int, haste: Haste) -> service_pb2.ModelInferRequest:
        made = model.text._request(model.tokens.ids(["Mug"] * rows))
        made.parameters["priority"].uint64_param = haste.priority
        return made

    server.ModelInfer(request(1, BATCH))  # connects
    calls = [server.ModelInfer.future(request(MOST_AT_ONCE, BATCH)) for _ in range(60)]
    server.ModelInfer(request(1, haste))
    done = sum(call.done() for call in calls)
    for call in calls:
        call.result()
    return done


def test_a_query_goes_before_a_worker_s_calls_that_wait_already(
    model: TritonModel, server: service_pb2_grpc.GRPCInferenceServiceStub
) -> None:
    assert finished_before(model, server, QUERY) < 30 < finished_before(model, server, BATCH)


def _in_a_fork(embedder: TritonEmbedder, answers: multiprocessing.Queue[Vectors]) -> None:
    answers.put(embedder.images(pictures(1)))


def test_a_forked_process_makes_a_channel_of_its_own(pack: Pack, triton_url: str) -> None:
    embedder = TritonEmbedder(TritonModel(pack, Wire(triton_url)), BATCH)
    embedder.images(pictures(1))
    forking = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[Vectors] = forking.Queue()
    # As a daemon: should it hang, it ends with the tests.
    child = forking.Process(target=_in_a_fork, args=(embedder, answers), daemon=True)
    child.start()
    assert nearness(answers.get(timeout=30), embedder.images(pictures(1))) > 0.9999
    child.join()


def another(pack: Pack, change: str) -> Pack:
    if change == "width":
        return replace(pack, dimensions=512)
    if change == "size":
        return replace(pack, image=ImageInput(224, Resize.SQUASH, Resample.BICUBIC))
    if change == "context":
        return replace(pack, context=77)
    return replace(pack, files=dict.fromkeys(pack.files, "0" * 64))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "width",
            r"clip_image gives image_embeds FP32 \[256\], where the pack mini has .* \[512\]",
        ),
        ("size", r"clip_image takes pixels UINT8 \[160, 160, 3\], where the pack mini has .*224"),
        ("context", r"clip_.* is of another pack|clip_text takes input_ids"),
        ("files", r"clip_image is of another pack \(its pack_digest is \w{12}, that of"),
    ],
)
def test_a_server_of_another_pack_is_refused(
    pack: Pack, triton_url: str, change: str, words: str
) -> None:
    model = TritonModel(another(pack, change), Wire(triton_url))
    with pytest.raises(Misconfigured, match=words) as refused:
        model.check()
    assert "lookalike models triton" in refused.value.detail
    with pytest.raises(ModelAway, match="log says why"):
        TritonEmbedder(model, BATCH).texts(["Mug"])


def test_vectors_of_another_pack_are_not_taken_from_a_server_that_changed_unnoticed(
    pack: Pack, triton_url: str
) -> None:
    model = TritonModel(another(pack, "files"), Wire(triton_url))
    for served in (model.image, model.text):
        served._most = MOST_AT_ONCE  # as if it had been checked before the change
    with pytest.raises(ModelAway):
        TritonEmbedder(model, BATCH).images(pictures(1))
