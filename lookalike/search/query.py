"""What a search asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lookalike.index.protocol import SearchFilters

DEFAULT_RESULTS = 20
MOST_RESULTS = 100
DEFAULT_THRESHOLD = 0.70
"""The published default. Calibration gives it one meaning for every model: pairs of the same
product and random pairs are told apart with equal error there."""


class QueryKind(StrEnum):
    """What was searched with, as the answer names it."""

    IMAGE = "image"
    PRODUCT = "product"
    TEXT = "text"
    IMAGE_TEXT = "image+text"


@dataclass(frozen=True, slots=True)
class ImageUrl:
    """A picture elsewhere, fetched for this search and not kept."""

    url: str


@dataclass(frozen=True, slots=True)
class ImageBytes:
    """A picture sent along, in the request's field `field`."""

    data: bytes
    field: str


@dataclass(frozen=True, slots=True)
class ProductRef:
    """A product of the tenant, by its public id."""

    id: str


Subject = ImageUrl | ImageBytes | ProductRef


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """One search: by a subject, by words, or by both. `threshold` is a similarity score in [0, 1],
    None where none was given; `max_results` is 1 to 100."""

    subject: Subject | None = None
    words: str | None = None
    max_results: int = DEFAULT_RESULTS
    threshold: float | None = None
    filters: SearchFilters = SearchFilters()

    @property
    def kind(self) -> QueryKind:
        """How the answer names the kind of query."""
        if self.subject is None:
            return QueryKind.TEXT
        if self.words is not None:
            return QueryKind.IMAGE_TEXT
        return QueryKind.PRODUCT if isinstance(self.subject, ProductRef) else QueryKind.IMAGE

    @property
    def least_score(self) -> float:
        """The threshold in force: the published default holds for pictures alone."""
        if self.threshold is not None:
            return self.threshold
        return DEFAULT_THRESHOLD if self.words is None else 0.0
