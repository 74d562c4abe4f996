"""The pipeline over the real index and queue: what ends completed, what is tried again, what fails,
and that nothing is lost when a part is away."""

from __future__ import annotations

import base64
import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from lookalike.catalog.product import Part
from lookalike.embedding.packs import Pack
from lookalike.embedding.pictures import PictureSource
from lookalike.embedding.pipeline import CLAIM_SIZE
from lookalike.embedding.protocol import Embedder, Pixels, Vectors
from lookalike.errors import ModelAway, PictureReason, PictureUnreachable
from tests.api.harness import Api, jpeg


class Unreachable(PictureSource):
    """A host that never answers, counting how often it was asked."""

    def __init__(self, retry_after: float | None = None) -> None:
        self.asked = 0
        self._retry_after = retry_after

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        self.asked += 1
        raise PictureUnreachable(
            f"{url} took too long to answer.", self._retry_after, reason=PictureReason.TIMED_OUT
        )


class AwayModel:
    """A model that cannot answer."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack

    def images(self, pixels: Pixels) -> Vectors:
        raise ModelAway("The model is away.")

    def texts(self, texts: Sequence[str]) -> Vectors:
        raise ModelAway("The model is away.")

    def check(self) -> None:
        raise ModelAway("The model is away.")


def product(api: Api, id: str) -> dict[str, object]:
    return dict(api.get(f"/products/{id}").json or {})


def make_due(api: Api, id: str) -> None:
    """Brings a product that rests forward, as its time would."""
    tenant = api.services.callers.authenticate(api.key).tenant
    api.redis.zadd(f"lookalike:owed:{tenant}", {id: 0}, xx=True)


def test_a_picture_out_of_reach_is_tried_three_times_and_then_fails(api: Api) -> None:
    id = api.upload()["id"]
    host = Unreachable()
    api.fetch_from(host)
    for tries in (1, 2, 3):
        assert product(api, id)["embedding_status"] == "pending"
        api.work()
        assert host.asked == tries
        make_due(api, id)
    assert product(api, id)["embedding_status"] == "failed"
    assert "Tried 3 times" in str(product(api, id)["embedding_error"])


def test_while_a_picture_rests_its_text_is_already_there(api: Api) -> None:
    id = api.upload()["id"]
    api.fetch_from(Unreachable(retry_after=120))
    api.work()
    depth = api.services.queue.depth()
    assert (depth.due, depth.owed) == (0, 1)
    tenant = api.services.callers.authenticate(api.key).tenant
    stored = api.services.index.get(tenant, [id])[id].product
    assert [part.value for part in stored.owed] == ["image"]


def test_a_model_that_is_away_fails_no_product(api: Api) -> None:
    id = api.upload()["id"]
    away = replace(api.pipeline.maker, embedder=AwayModel(api.services.pack))
    broken = replace(api.pipeline, maker=away)
    with pytest.raises(ModelAway):
        broken.run()
    assert product(api, id)["embedding_status"] == "pending"
    make_due(api, id)
    api.work()
    assert product(api, id)["embedding_status"] == "completed"


def test_a_fault_with_one_picture_takes_no_other_with_it(api: Api) -> None:
    good, bad = (
        api.upload(external_id="a")["id"],
        api.upload(external_id="b", image_url="https://example.com/b.jpg")["id"],
    )

    class Faulty(PictureSource):
        def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
            if url.endswith("b.jpg"):
                raise RuntimeError("a fault of ours")
            return jpeg("navy")

    api.fetch_from(Faulty())
    api.work()
    assert product(api, good)["embedding_status"] == "completed"
    assert product(api, bad)["embedding_status"] == "pending"


def test_a_picture_changed_while_it_is_embedded_is_embedded_again(api: Api) -> None:
    api.internet.pictures["https://example.com/new.jpg"] = jpeg("red")
    id = api.upload(external_id="mug")["id"]

    class Meddler(PictureSource):
        """Changes the product while its old picture is being fetched."""

        def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
            if url.endswith("mug.jpg"):
                api.upload(external_id="mug", image_url="https://example.com/new.jpg", price=5)
            return api.internet.fetch(url)

    api.fetch_from(Meddler())
    api.work()
    assert product(api, id)["embedding_status"] == "completed"
    asked = {"image_base64": base64.b64encode(jpeg("red")).decode()}
    found = (api.post("/search", asked).json or {})["results"]
    assert found[0]["similarity_score"] == pytest.approx(1, abs=0.01)


def test_a_product_deleted_while_it_is_embedded_does_not_come_back(api: Api) -> None:
    id = api.upload()["id"]

    class Deleter(PictureSource):
        def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
            api.call("DELETE", f"/v1/catalog/products/{id}")
            return jpeg("navy")

    api.fetch_from(Deleter())
    api.work()
    assert (api.get("/products").json or {})["total"] == 0
    assert api.services.queue.depth().owed == 0


def test_a_product_that_ended_its_worker_three_times_fails(api: Api) -> None:
    id = api.upload()["id"]
    claim = api.services.queue.claim(50)
    api.pipeline.fail(claim)
    assert product(api, id)["embedding_status"] == "failed"
    assert "three times" in str(product(api, id)["embedding_error"])
    assert api.services.queue.depth().leased == 0


def test_every_product_of_more_than_one_claim_is_embedded_once(api: Api) -> None:
    for start in (0, 60):
        products = [
            {
                "title": f"Mug {number}",
                "image_url": f"https://example.com/{number}.jpg",
                "external_id": str(number),
            }
            for number in range(start, start + 60)
        ]
        for each in products:
            api.internet.pictures[each["image_url"]] = jpeg("navy")
        assert (api.post("/products", {"products": products}).json or {})["created"] == 60
    api.work()
    assert (api.get("/products?embedding_status=completed").json or {})["total"] == 120
    assert len(api.internet.fetched) == 120


class Meeting:
    """A model that answers only when two ask at once."""

    def __init__(self, model: Embedder) -> None:
        self.pack = model.pack
        self._model = model
        self._pictures, self._texts = (threading.Barrier(2, timeout=20) for _ in range(2))

    def images(self, pixels: Pixels) -> Vectors:
        self._pictures.wait()
        return self._model.images(pixels)

    def texts(self, texts: Sequence[str]) -> Vectors:
        self._texts.wait()
        return self._model.texts(texts)

    def check(self) -> None:
        self._model.check()


def test_the_model_has_the_next_batch_before_it_has_answered_the_last(api: Api) -> None:
    many = [
        {"external_id": str(n), "title": f"Mug {n}", "image_url": f"https://example.com/{n}.jpg"}
        for n in range(2 * CLAIM_SIZE)
    ]
    for each in many:
        api.internet.pictures[each["image_url"]] = jpeg("navy")
    api.post("/products", {"products": many})
    maker = api.pipeline.maker
    meeting = replace(api.pipeline, maker=replace(maker, embedder=Meeting(maker.embedder)))
    assert meeting.run().written == len(many)


def test_an_upload_while_redis_is_away_is_kept_and_found_later(api: Api) -> None:
    api.redis.config_set("maxclients", 1)
    api.redis.client_kill_filter(_type="normal", skipme=True)
    try:
        id = api.upload()["id"]
        assert product(api, id)["embedding_status"] == "pending"
    finally:
        api.redis.config_set("maxclients", 10000)
    assert api.services.queue.depth().owed == 0
    api.services.queue.restore(api.services.index.owed(None, 10))
    api.work()
    assert product(api, id)["embedding_status"] == "completed"


def test_vectors_have_unit_length_in_the_index(api: Api) -> None:
    id = api.upload()["id"]
    api.work()
    tenant = api.services.callers.authenticate(api.key).tenant
    for part in Part:
        vector = api.services.index.vector(tenant, id, part)
        assert vector is not None
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
