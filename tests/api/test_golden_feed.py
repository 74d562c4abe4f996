"""The published examples of the feed API, in the order in which the page tells them."""

from __future__ import annotations

from lookalike.embedding.pictures import PictureSource
from lookalike.errors import PictureReason, PictureUnreachable
from tests.api.harness import Api
from tests.api.published import differences, exchanges
from webapp.feed import examples

EXCHANGES = exchanges("feed")


def differing(api: Api, name: str, **path: str) -> list[str]:
    """Where our answer to a published request leaves the published one."""
    request, status, published = EXCHANGES[name]
    answer = api.call(request["method"], path.get("path", request["path"]), request["body"])
    assert answer.status_code == status, answer.text
    return list(differences(published, answer.get_json(silent=True)))


class OneAway(PictureSource):
    """The internet, of which the milk's picture does not answer at the moment."""

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        raise PictureUnreachable(f"{url} took too long to answer.", reason=PictureReason.TIMED_OUT)


def test_upload_job_patch_and_deletion_are_answered_as_published(api: Api) -> None:
    assert differing(api, "bulk upload") == []
    [job] = (api.call("GET", "/api/v1/catalog/jobs").json or {})["jobs"]
    api.fetch_from(OneAway())
    api.work()  # the bread has no picture, so it is embedded; the milk waits for another try
    assert differing(api, "job", path=f"/api/v1/catalog/jobs/{job['job_id']}") == []
    assert differing(api, "partial update") == []
    assert differing(api, "soft delete") == []


def test_reindexing_is_answered_as_published(api: Api) -> None:
    products = [{"sku": str(number), "name": f"Bread {number}"} for number in range(1500)]
    api.call("PUT", "/api/v1/catalog/products", {"products": products})
    assert differing(api, "force reindex") == []


def test_the_published_examples_are_the_documented_ones(api: Api) -> None:
    paths = (api.client.get("/openapi.json").json or {})["paths"]
    products = paths["/api/v1/catalog/products"]["put"]
    body = products["requestBody"]["content"]["application/json"]["examples"]["upload"]["value"]
    assert body == EXCHANGES["bulk upload"][0]["body"] == examples.UPLOAD
    answer = products["responses"]["202"]["content"]["application/json"]["examples"]["upload"]
    assert answer["value"] == EXCHANGES["bulk upload"][2]
    one = paths["/api/v1/catalog/products/{sku}"]["patch"]
    change = one["requestBody"]["content"]["application/json"]["examples"]["change"]["value"]
    assert change == EXCHANGES["partial update"][0]["body"]
