"""The service with a real Triton behind it: searches, a server that is killed in the middle, and
servers that serve something else."""

from __future__ import annotations

import base64
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

import grpc
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from lookalike.embedding import packs
from tests.e2e.harness import Commands, Shop, eventually
from tests.servers.needs import NotHere
from tests.servers.running import Started, start
from tests.servers.triton import Triton, shared_memory


def embedded(url: str, model: str) -> int:
    """How many rows a server's model has embedded."""
    with grpc.insecure_channel(urlsplit(url).netloc) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        asked = service_pb2.ModelStatisticsRequest(name=model)
        return int(stub.ModelStatistics(asked).model_stats[0].inference_count)


def search(shop: Shop, **subject: str) -> list[str]:
    """The external ids of the answers, best first."""
    return [
        each["external_id"] for each in shop.call("POST", "/v1/catalog/search", subject)["results"]
    ]


def test_worker_and_web_embed_on_the_server(
    commands: Commands, picture_host: PictureHost, bagisto: list[CatalogueRow], triton_url: str
) -> None:
    commands.environment["LOOKALIKE_TRITON_URL"] = triton_url
    before = {model: embedded(triton_url, model) for model in ("clip_image", "clip_text")}
    shop = commands.serve()
    commands.worker()
    shop.upload(bagisto[:40], picture_host)
    eventually(lambda: shop.total("completed") == 40)
    row = bagisto[7]
    picture = base64.b64encode(row.image.read_bytes()).decode()
    assert search(shop, image_base64=picture)[0] == row.id
    assert row.id in search(shop, query=row.title)
    after = {model: embedded(triton_url, model) for model in before}
    assert after["clip_image"] - before["clip_image"] == 40 + 1
    assert after["clip_text"] - before["clip_text"] == 40 + 1


@contextmanager
def running(recipe: Triton) -> Iterator[Started]:
    """A server of this test's own."""
    started = start(recipe, os.getpid())
    try:
        yield started
    finally:
        started.end()
        for region in Path("/dev/shm").glob(f"{shared_memory(port_of(started.url))}*"):
            region.unlink()


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


def is_away(shop: Shop) -> bool:
    """Whether a search by words cannot be answered; by other words each time, since the vectors of
    those that were asked before are known."""
    try:
        search(shop, query=f"shoes {time.monotonic()}")
    except HTTPError as error:
        return error.code == 503
    return False


@pytest.fixture
def triton() -> Triton:
    """One that can be killed, which a server of somebody's own cannot."""
    recipe = Triton()
    try:
        recipe.fetch()
    except NotHere as error:
        pytest.fail(str(error)) if os.environ.get("CI") else pytest.skip(str(error))
    return recipe


def test_a_server_killed_in_the_middle_costs_nothing(
    commands: Commands, picture_host: PictureHost, bagisto: list[CatalogueRow], triton: Triton
) -> None:
    with running(triton) as server:
        commands.environment["LOOKALIKE_TRITON_URL"] = server.url
        shop = commands.serve()
        commands.worker()
        shop.upload(bagisto, picture_host)
        eventually(lambda: 0 < shop.total("completed") < len(bagisto))
        server.kill()
        eventually(lambda: is_away(shop))
        done = [each for each in shop.products() if each["embedding_status"] == "completed"]
        assert len(done) < len(bagisto), "it was done before the server was killed"
        search(shop, product_id=done[0]["id"])  # needs no model
        eventually(lambda: shop.total("completed") == len(bagisto), 200)
        assert not is_away(shop)
        jobs = eventually(lambda: settled(shop), 30)
    assert len({each["id"] for each in shop.products()}) == shop.total() == len(bagisto)
    assert sum(each["embedded"] for each in jobs) == len(bagisto)
    assert sum(each["embedding_failed"] + each["superseded"] for each in jobs) == 0


def settled(shop: Shop) -> list[dict[str, int]] | None:
    """The jobs, once all of them are complete."""
    jobs = shop.call("GET", "/v1/catalog/jobs")["jobs"]
    return jobs if all(each["status"] == "complete" for each in jobs) else None


def another_pack(folder: Path, *, dimensions: int) -> Path:
    """A pack that the server does not serve: another file, or another width too."""
    shutil.copytree(packs.builtin_pack_folder(), folder)
    (folder / packs.PREPROCESSOR).write_text("{}")
    description = json.loads((folder / packs.DESCRIPTION).read_text())
    description |= {"files": packs.checksums(folder), "dimensions": dimensions}
    (folder / packs.DESCRIPTION).write_text(json.dumps(description))
    return folder


@pytest.mark.parametrize(
    ("dimensions", "words"),
    [(512, "gives image_embeds FP32 [256], where the pack mini has"), (256, "is of another pack")],
)
def test_a_server_of_another_pack_is_refused_at_start(
    commands: Commands, tmp_path: Path, triton_url: str, dimensions: int, words: str
) -> None:
    pack = another_pack(tmp_path / "pack", dimensions=dimensions)
    commands.environment["LOOKALIKE_TRITON_URL"] = triton_url
    commands.environment["LOOKALIKE_MODEL_PACK"] = str(pack)
    for command in ("serve", "worker", "up"):
        done = commands.run(command)
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_the_service_starts_before_its_model_server(
    commands: Commands, picture_host: PictureHost, bagisto: list[CatalogueRow], triton: Triton
) -> None:
    with running(triton) as gone:
        url = gone.url
    commands.environment["LOOKALIKE_TRITON_URL"] = url
    shop = commands.serve()
    shop.upload(bagisto[:5], picture_host)
    assert is_away(shop)
    assert shop.total("pending") == 5
    assert "The model server does not answer" in commands.run("doctor").stdout
    with running(Triton(port=port_of(url))):
        commands.worker()
        eventually(lambda: shop.total("completed") == 5)
        assert "mini is served" in commands.run("doctor").stdout
