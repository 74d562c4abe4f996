"""Search: a query becomes a vector, its nearest become matches with calibrated scores."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from lookalike.catalog.product import Part, PartState, Product
from lookalike.embedding.calibration import Pair
from lookalike.embedding.pictures import Picture, PictureReader
from lookalike.embedding.protocol import Embedder
from lookalike.errors import Invalid, NotFound, NotReady, PictureError
from lookalike.index.protocol import Nearest, ProductIndex, Vector
from lookalike.search.query import ImageBytes, ImageUrl, ProductRef, QueryKind, SearchQuery

log = structlog.get_logger(__name__)

QUERY_FETCH_S = 8.0
"""A shopper waits for this picture, so it has less time than a merchant's."""


@dataclass(frozen=True, slots=True)
class Match:
    """One product found; `score` in [0, 1] means the same for every model."""

    product: Product
    score: float


class Steps:
    """Where the time of one search went, in milliseconds by step."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}
        self._started = time.perf_counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Times one step."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.ms[name] = (time.perf_counter() - started) * 1000

    @property
    def total_ms(self) -> float:
        """Since the search began."""
        return (time.perf_counter() - self._started) * 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """The matches, best first. `total` counts all over the threshold, beyond `max_results` too;
    where `exact` is false there may be more."""

    kind: QueryKind
    matches: list[Match]
    total: int
    exact: bool
    steps: Steps = field(default_factory=Steps)


class Searcher:
    """Finds a tenant's products by picture or by product."""

    def __init__(self, index: ProductIndex, embedder: Embedder, pictures: PictureReader) -> None:
        self._index = index
        self._embedder = embedder
        self._pictures = pictures
        self._calibration = embedder.pack.calibrations[Pair.IMAGE_IMAGE]

    def search(self, tenant: str, query: SearchQuery) -> Answer:
        """Searches one tenant's active products.

        Raises `Invalid` (a picture that cannot be had, a product without one), `NotFound` and
        `NotReady` (the product is unknown, or its vector is still being made).
        """
        steps = Steps()
        vector = self._vector(tenant, query.subject, steps)
        with steps.step("search"):
            found = self._index.nearest(
                tenant,
                Nearest(
                    part=Part.IMAGE,
                    vector=vector,
                    limit=query.max_results,
                    at_least=self._calibration.cosine(query.threshold),
                    filters=query.filters,
                    without=query.subject.id if isinstance(query.subject, ProductRef) else None,
                ),
            )
        matches = [Match(hit.product, self._calibration.score(hit.cosine)) for hit in found.hits]
        return Answer(query.kind, matches, found.total, found.exact, steps)

    def _vector(
        self, tenant: str, subject: ImageUrl | ImageBytes | ProductRef, steps: Steps
    ) -> Vector:
        if isinstance(subject, ProductRef):
            with steps.step("product"):
                return self._product_vector(tenant, subject.id)
        with steps.step("picture"):
            picture = self._picture(subject)
        with steps.step("embed"):
            vector: Vector = self._embedder.images(picture[None])[0]
        return vector

    def _picture(self, subject: ImageUrl | ImageBytes) -> Picture:
        if isinstance(subject, ImageBytes):
            try:
                return self._pictures.from_bytes(subject.data)
            except PictureError as error:
                raise Invalid(error.detail, {"image_base64": [error.detail]}) from error
        try:
            return self._pictures.from_url(subject.url, QUERY_FETCH_S)
        except PictureError as error:
            # One neutral sentence: whoever may search must not learn what answers behind us.
            log.info("query_picture_unavailable", reason=error.code)
            detail = "No usable picture could be fetched from this URL. Check it, or send the file."
            raise Invalid(detail, {"image_url": [detail]}) from error

    def _product_vector(self, tenant: str, id: str) -> Vector:
        stored = self._index.get(tenant, [id]).get(id)
        if stored is None:
            raise NotFound("There is no product with this id to search by.")
        vector = self._index.vector(tenant, id, Part.IMAGE)
        if vector is None:
            raise _why_no_vector(stored.product)
        return vector


def _why_no_vector(product: Product) -> Invalid | NotReady:
    if product.image is PartState.ABSENT:
        detail = "This product has no picture, so nothing can look like it. Give it an image_url."
        return Invalid(detail, {"product_id": [detail]})
    if product.image is PartState.FAILED:
        detail = "This product's picture could not be used; its embedding_error says why."
        return Invalid(detail, {"product_id": [detail]})
    return NotReady("This product's picture is still being embedded. Try again in a moment.")
