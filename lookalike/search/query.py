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


@dataclass(frozen=True, slots=True)
class ImageUrl:
    """A picture elsewhere, fetched for this search and not kept."""

    url: str


@dataclass(frozen=True, slots=True)
class ImageBytes:
    """A picture sent along."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ProductRef:
    """A product of the tenant, by its public id."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """One search. `threshold` is a similarity score in [0, 1]; `max_results` is 1 to 100."""

    subject: ImageUrl | ImageBytes | ProductRef
    max_results: int = DEFAULT_RESULTS
    threshold: float = DEFAULT_THRESHOLD
    filters: SearchFilters = SearchFilters()

    @property
    def kind(self) -> QueryKind:
        """How the answer names the kind of query."""
        return QueryKind.PRODUCT if isinstance(self.subject, ProductRef) else QueryKind.IMAGE
