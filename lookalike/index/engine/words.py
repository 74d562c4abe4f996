"""Searching by words in an engine: what is asked, and what its answers mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lookalike.catalog.product import Part
from lookalike.index.engine import bodies
from lookalike.index.engine.bodies import ROUNDING
from lookalike.index.engine.protocol import Dialect, Json
from lookalike.index.protocol import (
    ByWords,
    Candidate,
    Candidates,
    Component,
    Nearest,
    VectorSpace,
)

_PARTS = {Component.TEXT: Part.TEXT, Component.IMAGE: Part.IMAGE}
ORDER = (Component.WORDS, Component.TEXT, Component.IMAGE)
"""The order of the questions, and so of the answers."""


def questions(
    dialect: Dialect, tenant: str, space: VectorSpace, query: ByWords, explored: int
) -> list[Json]:
    """The three searches: ids and scores alone, since most candidates are not shown."""
    has_text: Json = {"term": {"text_model": space.model}}
    asked = [bodies.holding(tenant, space.model, query)]
    for part in _PARTS.values():
        near = Nearest(part=part, vector=query.vector, limit=query.limit, filters=query.filters)
        asked.append(
            bodies.near(dialect, tenant, space.model, near, query.limit, explored, has_text)
        )
    return [each | {"_source": False} for each in asked]


def candidates(query: ByWords, answers: Sequence[Json]) -> Candidates:
    """Each candidate with what is known of it. The total is exact where no list was cut before its
    component's threshold."""
    raw: dict[str, dict[Component, float]] = {}
    exact = True
    for component, answer in zip(ORDER, answers, strict=True):
        found = _raw(component, query, answer)
        for id, value in found.items():
            raw.setdefault(id, {})[component] = value
        least = query.at_least[component]
        exact &= len(found) < query.limit or min(found.values()) < least - ROUNDING
    reached = sum(_reaches(query.at_least, each) for each in raw.values())
    return Candidates([Candidate(id, each) for id, each in raw.items()], reached, exact)


def _raw(component: Component, query: ByWords, answer: Json) -> dict[str, float]:
    """The share or the cosine of each hit, by id."""
    hits = [(each["sort"][1], each["_score"]) for each in answer["hits"]["hits"]]
    if component is Component.WORDS:
        return {id: score / len(query.tokens) for id, score in hits}
    return {id: bodies.cosine_of(score) for id, score in hits}


def _reaches(at_least: Mapping[Component, float], raw: Mapping[Component, float]) -> bool:
    return any(value >= at_least[component] - ROUNDING for component, value in raw.items())
