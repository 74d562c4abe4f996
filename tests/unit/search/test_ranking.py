"""Ranking by words."""

from __future__ import annotations

import pytest

from lookalike.embedding.calibration import Calibration, Pair
from lookalike.index.protocol import Candidate, Component
from lookalike.search.ranking import WordScores

WORDS, TEXT, IMAGE = Component.WORDS, Component.TEXT, Component.IMAGE
SCORES = WordScores(
    {
        Pair.TEXT_TEXT: Calibration(random_median=0.2, equal_error=0.6),
        Pair.TEXT_IMAGE: Calibration(random_median=0.1, equal_error=0.3),
        Pair.IMAGE_IMAGE: Calibration(random_median=0.1, equal_error=0.3),
    }
)


def candidate(id: str, **raw: float) -> Candidate:
    return Candidate(id, {Component(name): value for name, value in raw.items()})


def ranked(*candidates: Candidate) -> list[str]:
    return [each.id for each in SCORES.rank(candidates)]


def test_the_best_component_counts_and_is_named() -> None:
    best = SCORES.rank([candidate("a", words=0.5, text=0.6, image=0.1)])[0]
    assert (best.score, best.matched_by) == (pytest.approx(0.7), TEXT)
    assert SCORES.rank([candidate("b", words=1.0, text=0.99)])[0].matched_by is WORDS


def test_equal_scores_go_by_the_next_best_known_component_and_then_by_id() -> None:
    full, text, both = (
        candidate("full", words=1.0),
        candidate("text", words=1.0, text=0.6),
        candidate("both", words=1.0, text=0.6, image=0.3),
    )
    assert ranked(full, text, both) == ["both", "text", "full"]
    twins = [candidate("x", words=1.0), candidate("y", words=1.0)]
    assert ranked(*twins) == ranked(*reversed(twins)) == ["x", "y"]


def test_a_threshold_becomes_each_component_s_own() -> None:
    assert SCORES.thresholds(0.7) == pytest.approx({WORDS: 0.7, TEXT: 0.6, IMAGE: 0.3})
