"""Search: a query becomes a vector, its nearest become matches with calibrated scores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import structlog

from lookalike.catalog.product import Part, PartState, Product
from lookalike.catalog.tokens import tokens
from lookalike.embedding.calibration import Pair
from lookalike.embedding.pictures import PictureReader
from lookalike.embedding.protocol import Embedder
from lookalike.errors import Invalid, NotFound, NotReady, PictureError
from lookalike.index.protocol import ByWords, Component, Nearest, ProductIndex, Vector
from lookalike.search.events import (
    LONGEST_WORDS,
    SearchEvent,
    filters_asked,
    host_asked,
    utc_now,
)
from lookalike.search.query import (
    ImageBytes,
    ImageUrl,
    ProductRef,
    QueryKind,
    SearchQuery,
    Subject,
)
from lookalike.search.ranking import WordScores
from lookalike.search.remembering import QueryVectors
from lookalike.telemetry import metrics, tracing

log = structlog.get_logger(__name__)

QUERY_FETCH_S = 8.0
"""A shopper waits for this picture, so it has less time than a merchant's."""


MOST_TOKENS = 32
"""Words of a query beyond these are not looked for."""


@dataclass(frozen=True, slots=True)
class Match:
    """One product found; `score` in [0, 1] means the same for every model. `matched_by` names, in
    a search by words, the component that gave the score."""

    product: Product
    score: float
    matched_by: Component | None = None


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
            with tracing.span(f"search: {name}"):
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


def _unrecorded(event: SearchEvent) -> None:
    """Records nothing."""


class Searcher:
    """Finds a tenant's products by picture, by product, by words, or by words beside a picture."""

    def __init__(
        self,
        index: ProductIndex,
        embedder: Embedder,
        pictures: PictureReader,
        known: QueryVectors,
        record: Callable[[SearchEvent], None] = _unrecorded,
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._pictures = pictures
        self._known = known
        self._record = record
        self._looks = embedder.pack.calibrations[Pair.IMAGE_IMAGE]
        self._words = WordScores(embedder.pack.calibrations)

    def search(self, tenant: str, query: SearchQuery) -> Answer:
        """Searches one tenant's active products.

        Raises `Invalid` (a picture that cannot be had, a product without one, no words), `NotFound`
        and `NotReady` (the product is unknown, or its vector is still being made).
        """
        answer = self._answer(tenant, query, Steps())
        _count(answer)
        self._record(self._event(tenant, query, answer))
        return answer

    def _answer(self, tenant: str, query: SearchQuery, steps: Steps) -> Answer:
        if query.subject is None:
            return self._by_words(tenant, query, steps)
        vector = self._subject_vector(tenant, query.subject, steps)
        if query.words is not None:
            vector = _between(vector, self._text_vector(query.words, steps))
        return self._by_looks(tenant, query, vector, steps)

    def _event(self, tenant: str, query: SearchQuery, answer: Answer) -> SearchEvent:
        return SearchEvent(
            at=utc_now(),
            tenant=tenant,
            model=self._embedder.pack.name,
            kind=answer.kind.value,
            words=None if query.words is None else query.words[:LONGEST_WORDS],
            image_host=host_asked(query),
            filters=filters_asked(query.filters),
            threshold=query.threshold,
            max_results=query.max_results,
            results=len(answer.matches),
            total=answer.total,
            best_score=answer.matches[0].score if answer.matches else None,
            ms=answer.steps.total_ms,
            steps_ms=answer.steps.ms,
        )

    def _by_looks(self, tenant: str, query: SearchQuery, vector: Vector, steps: Steps) -> Answer:
        asked = Nearest(
            part=Part.IMAGE,
            vector=vector,
            limit=query.max_results,
            at_least=self._looks.cosine(query.least_score),
            filters=query.filters,
            without=query.subject.id if isinstance(query.subject, ProductRef) else None,
        )
        with steps.step("search"):
            found = self._index.nearest(tenant, asked)
        matches = [Match(hit.product, self._looks.score(hit.cosine)) for hit in found.hits]
        return Answer(query.kind, matches, found.total, found.exact, steps)

    def _by_words(self, tenant: str, query: SearchQuery, steps: Steps) -> Answer:
        words = query.words or ""
        # A repeated token stands where it came last, for the last one is a prefix.
        distinct = tuple(dict.fromkeys(reversed(tokens(words)[:MOST_TOKENS])))[::-1]
        if not distinct:
            detail = "Must hold at least one word."
            raise Invalid(detail, {"query": [detail]})
        asked = ByWords(
            tokens=distinct,
            vector=self._text_vector(words, steps),
            limit=max(200, 10 * query.max_results),
            at_least=self._words.thresholds(query.least_score),
            filters=query.filters,
        )
        with steps.step("search"):
            found = self._index.by_words(tenant, asked)
        with steps.step("rank"):
            ranked = self._words.rank(found.candidates)[: query.max_results]
            best = [each for each in ranked if each.score >= query.least_score]
        with steps.step("read"):
            stored = self._index.get(tenant, [each.id for each in best])
        # One that was deleted or deactivated in between is not shown.
        matches = [
            Match(stored[each.id].product, each.score, each.matched_by)
            for each in best
            if each.id in stored and stored[each.id].product.is_active
        ]
        return Answer(query.kind, matches, found.total, found.exact, steps)

    def _text_vector(self, words: str, steps: Steps) -> Vector:
        with steps.step("embed_words"):
            return self._known.of(
                "words", words.encode(errors="replace"), lambda: self._embedder.texts([words])[0]
            )

    def _subject_vector(self, tenant: str, subject: Subject, steps: Steps) -> Vector:
        if isinstance(subject, ProductRef):
            with steps.step("product"):
                return self._product_vector(tenant, subject.id)
        try:
            with steps.step("picture"):
                data = self._data(subject)
            return self._known.of("picture", data, lambda: self._picture_vector(data, steps))
        except PictureError as error:
            raise _unusable(subject, error) from error

    def _data(self, subject: ImageUrl | ImageBytes) -> bytes:
        if isinstance(subject, ImageBytes):
            return subject.data
        return self._pictures.fetch(subject.url, QUERY_FETCH_S)

    def _picture_vector(self, data: bytes, steps: Steps) -> Vector:
        with steps.step("decode"):
            picture = self._pictures.from_bytes(data)
        with steps.step("embed"):
            vector: Vector = self._embedder.images(picture[None])[0]
        return vector

    def _product_vector(self, tenant: str, id: str) -> Vector:
        vector = self._index.vector(tenant, id, Part.IMAGE)
        if vector is None:
            stored = self._index.get(tenant, [id]).get(id)
            raise _why_no_vector(stored.product if stored else None)
        return vector


def _count(answer: Answer) -> None:
    metrics.SEARCH_SECONDS.labels(answer.kind).observe(answer.steps.total_ms / 1000)
    for step, ms in answer.steps.ms.items():
        metrics.SEARCH_STEP_SECONDS.labels(step).observe(ms / 1000)
    if not answer.matches:
        metrics.SEARCHES_WITHOUT_RESULTS.labels(answer.kind).inc()


def _between(one: Vector, other: Vector) -> Vector:
    """The normalised sum of two vectors: as near to one as to the other."""
    both = one + other
    length = float(np.linalg.norm(both))
    return both / np.float32(length) if length > 0 else one


def _unusable(subject: ImageUrl | ImageBytes, error: PictureError) -> Invalid:
    if isinstance(subject, ImageBytes):
        return Invalid(error.detail, {subject.field: [error.detail]})
    # One neutral sentence: whoever may search must not learn what answers behind us.
    log.info("query_picture_unavailable", reason=error.reason)
    detail = "No usable picture could be fetched from this URL. Check it, or send the file."
    return Invalid(detail, {"image_url": [detail]})


def _why_no_vector(product: Product | None) -> Invalid | NotFound | NotReady:
    if product is None:
        return NotFound("There is no product with this id to search by.")
    if product.image is PartState.ABSENT:
        detail = "This product has no picture, so nothing can look like it. Give it an image_url."
        return Invalid(detail, {"product_id": [detail]})
    if product.image is PartState.FAILED:
        detail = "This product's picture could not be used; its embedding_error says why."
        return Invalid(detail, {"product_id": [detail]})
    return NotReady("This product's picture is still being embedded. Try again in a moment.")
