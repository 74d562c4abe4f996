"""What the tests of the API speak with: the app over real parts; the internet is a stand-in."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import Any

from flask.testing import FlaskClient
from PIL import Image
from redis import Redis
from werkzeug.test import TestResponse

from lookalike.bootstrap import Services
from lookalike.embedding.pictures import PictureReader, PictureSource
from lookalike.embedding.pipeline import Pipeline
from lookalike.errors import PictureReason, PictureUnusable


def jpeg(color: str, size: tuple[int, int] = (200, 200), shape: str = "white") -> bytes:
    """A picture of a square of `shape` colour on `color`."""
    image = Image.new("RGB", size, color)
    image.paste(shape, (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    data = io.BytesIO()
    image.save(data, "JPEG")
    return data.getvalue()


@dataclass
class Internet(PictureSource):
    """The pictures that there are, by URL: a `PictureSource`."""

    pictures: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        self.fetched.append(url)
        if url not in self.pictures:
            raise PictureUnusable(
                f"{url} was not found (404). Correct the URL.", reason=PictureReason.REFUSED
            )
        return self.pictures[url]


@dataclass
class Api:
    """A client of the app with a key, and the worker's pipeline to turn the crank with."""

    client: FlaskClient
    key: str
    internet: Internet
    services: Services
    pipeline: Pipeline
    redis: Redis

    def fetch_from(self, source: PictureSource) -> None:
        """Lets the worker fetch pictures from elsewhere than `internet`."""
        settings = self.services.settings
        pictures = PictureReader(source, self.services.pack, settings.max_megapixels)
        maker = replace(self.pipeline.maker, pictures=pictures)
        self.pipeline = replace(self.pipeline, maker=maker)

    def call(self, method: str, path: str, body: Any = None, **kwargs: Any) -> TestResponse:
        headers = {"X-API-Key": self.key} | kwargs.pop("headers", {})
        if body is not None:
            kwargs["json"] = body
        return self.client.open(path, method=method, headers=headers, **kwargs)

    def post(self, path: str, body: Any, **kwargs: Any) -> TestResponse:
        return self.call("POST", f"/v1/catalog{path}", body, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("GET", f"/v1/catalog{path}", **kwargs)

    def upload(self, **facts: Any) -> dict[str, Any]:
        """Uploads one product with a picture of its own, unless it names one."""
        given = {"title": "Mug", "image_url": "https://example.com/mug.jpg"} | facts
        self.internet.pictures.setdefault(given["image_url"], jpeg("navy"))
        answer = self.post("/products", given)
        assert answer.status_code in {200, 201}, answer.text
        return dict(answer.json or {})

    def work(self) -> None:
        """Runs the pipeline until nothing is due."""
        while self.pipeline.run().claimed:
            pass
