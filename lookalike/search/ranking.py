"""Ranking by words: each component's raw value becomes a score, and a product's best one counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lookalike.embedding.calibration import Calibration, Pair
from lookalike.index.protocol import Candidate, Component

_PAIRS = {Component.TEXT: Pair.TEXT_TEXT, Component.IMAGE: Pair.TEXT_IMAGE}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A product found by words (its id), its score in [0, 1], and the component that gave it."""

    id: str
    score: float
    matched_by: Component


class WordScores:
    """Scores of the components, comparable with one another: cosines through the calibration of
    their kind of pair, the share of words as it is."""

    def __init__(self, calibrations: Mapping[Pair, Calibration]) -> None:
        self._calibrations = {component: calibrations[pair] for component, pair in _PAIRS.items()}

    def thresholds(self, score: float) -> dict[Component, float]:
        """The raw value at which each component reaches a score."""
        raw = {component: each.cosine(score) for component, each in self._calibrations.items()}
        return raw | {Component.WORDS: score}

    def rank(self, candidates: Iterable[Candidate]) -> list[Ranked]:
        """Best first; equal scores by the next best known component, then by id."""
        scored = [(self._scores(each), each.id) for each in candidates]
        scored.sort(key=lambda pair: (_descending(pair[0]), pair[1]))
        return [Ranked(id, *scores[0]) for scores, id in scored]

    def _scores(self, candidate: Candidate) -> list[tuple[float, Component]]:
        """The known components' scores, best first; of equal ones words come first."""
        order = list(Component)
        scores = [
            (round(self._score(component, raw), 6), component)
            for component, raw in candidate.raw.items()
        ]
        return sorted(scores, key=lambda pair: (-pair[0], order.index(pair[1])))

    def _score(self, component: Component, raw: float) -> float:
        calibration = self._calibrations.get(component)
        return calibration.score(raw) if calibration else raw


def _descending(scores: list[tuple[float, Component]]) -> list[float]:
    """A sort key, best first; a component that is not known comes after any that is."""
    known = [-score for score, _ in scores]
    return known + [1.0] * (len(Component) - len(known))
