"""Looking again at pictures that were embedded long ago."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lookalike.catalog.product import PictureSeen
from lookalike.embedding.pictures import PictureSource
from lookalike.errors import PictureReason, PictureUnreachable
from lookalike.pixels.download import Download, Validators
from tests.api.harness import Api, jpeg

OLD, NEW = jpeg("navy"), jpeg("yellow", shape="black")
DAY = timedelta(days=1)


class Host(PictureSource):
    """A host with one picture, which it knows by its ETag; `asked` are the conditions."""

    def __init__(self) -> None:
        self.picture, self.etag = OLD, '"1"'
        self.asked: list[str | None] = []
        self.is_away = False

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        return self.picture

    def download(self, url: str, known: Validators) -> Download | None:
        self.asked.append(known.etag)
        if self.is_away:
            raise PictureUnreachable("It took too long to answer.", reason=PictureReason.TIMED_OUT)
        if known.etag == self.etag:
            return None
        return Download(self.picture, Validators(etag=self.etag))


class Later:
    """A clock that is put forward."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def host(api: Api) -> Host:
    made = Host()
    api.fetch_from(made)
    return made


@pytest.fixture
def later(api: Api) -> Iterator[Later]:
    """A worker that looks at pictures again after a day."""
    clock = Later()
    api.pipeline = replace(api.pipeline, recheck_after=DAY, now=clock)
    yield clock
    api.pipeline.close()


def seen(api: Api, id: str) -> PictureSeen:
    tenant = api.services.callers.authenticate(api.key).tenant
    picture = api.services.catalog.get(tenant, id).picture
    assert picture is not None
    return picture


def check(api: Api, clock: Later) -> None:
    """Lets what is due be looked at, as the sweeper would."""
    api.services.queue.restore(api.services.index.unchecked(clock.at - DAY, 100))
    api.work()


def scores(api: Api, picture: bytes) -> dict[str, float]:
    api.internet.pictures["https://example.com/query.jpg"] = picture
    asked = {"image_url": "https://example.com/query.jpg", "similarity_threshold": 0}
    found = (api.post("/search", asked).json or {})["results"]
    return {each["external_id"]: each["similarity_score"] for each in found}


def test_what_its_host_knows_as_the_same_is_not_sent_again(
    api: Api, host: Host, later: Later
) -> None:
    id = api.upload(external_id="mug")["id"]
    api.work()
    before = seen(api, id)
    check(api, later)
    assert host.asked == [None]
    later.at += 2 * DAY
    check(api, later)
    assert host.asked == [None, '"1"']
    assert seen(api, id) == replace(before, checked_at=later.at)


def test_the_same_bytes_under_another_name_are_not_embedded_again(
    api: Api, host: Host, later: Later
) -> None:
    id = api.upload(external_id="mug")["id"]
    api.work()
    host.etag = '"2"'
    later.at += 2 * DAY
    check(api, later)
    assert (seen(api, id).etag, seen(api, id).checked_at) == ('"2"', later.at)


def test_another_picture_behind_the_same_url_is_found(api: Api, host: Host, later: Later) -> None:
    api.upload(external_id="mug")
    api.work()
    assert scores(api, NEW)["mug"] < 0.95
    host.picture, host.etag = NEW, '"2"'
    later.at += 2 * DAY
    check(api, later)
    assert scores(api, NEW)["mug"] == pytest.approx(1, abs=0.01)


def test_a_host_that_is_away_costs_nothing_and_is_asked_again_a_day_later(
    api: Api, host: Host, later: Later
) -> None:
    id = api.upload(external_id="mug")["id"]
    api.work()
    host.is_away = True
    later.at += 2 * DAY
    check(api, later)
    check(api, later)
    assert host.asked == [None, '"1"']
    assert scores(api, OLD)["mug"] == pytest.approx(1, abs=0.01)
    answer = api.get(f"/products/{id}").json or {}
    assert (answer["embedding_status"], answer["embedding_error"]) == ("completed", None)


def test_without_the_setting_nothing_is_looked_at_again(api: Api, host: Host) -> None:
    api.upload(external_id="mug")
    api.work()
    api.services.queue.restore(api.services.index.unchecked(datetime.now(UTC) + DAY, 100))
    api.work()
    assert host.asked == [None]
