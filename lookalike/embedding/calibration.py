"""Calibration: raw cosines become scores that mean the same for every model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

RANDOM_SCORE = 0.30
SAME_SCORE = 0.70


class Pair(StrEnum):
    """What is compared with what; each kind has cosines, and so a calibration, of its own."""

    IMAGE_IMAGE = "image_image"
    TEXT_IMAGE = "text_image"
    TEXT_TEXT = "text_text"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Straight lines from cosine to score through (-1, 0), (`random_median`, 0.30),
    (`equal_error`, 0.70) and (1, 1), by the contract.

    Raises `ValueError` unless -1 < random_median < equal_error < 1.
    """

    random_median: float
    equal_error: float

    def __post_init__(self) -> None:
        if not -1 < self.random_median < self.equal_error < 1:
            raise ValueError("calibration needs -1 < random_median < equal_error < 1")

    def score(self, cosine: float) -> float:
        """The score in [0, 1] of a cosine in [-1, 1]; strictly rising."""
        return float(np.interp(cosine, self._cosines, self._scores))

    def cosine(self, score: float) -> float:
        """The cosine that has this score: the inverse of `score`."""
        return float(np.interp(score, self._scores, self._cosines))

    @property
    def _cosines(self) -> tuple[float, ...]:
        return (-1.0, self.random_median, self.equal_error, 1.0)

    @property
    def _scores(self) -> tuple[float, ...]:
        return (0.0, RANDOM_SCORE, SAME_SCORE, 1.0)


def fit(same: NDArray[np.float32], random: NDArray[np.float32]) -> Calibration:
    """The calibration of a model from the cosines of pairs of the same product and of random pairs.

    The equal-error cosine is the one at which as large a share of the random pairs lies over it as
    of the same pairs lies under it. Raises `ValueError` where the two cannot be told apart.
    """
    if not len(same) or not len(random):
        raise ValueError("there are no pairs of the same product, or no random pairs")
    same, random = np.sort(same), np.sort(random)
    cosines = np.concatenate([same, random])
    missed = np.searchsorted(same, cosines) / len(same)
    let_in = 1 - np.searchsorted(random, cosines) / len(random)
    equal_error = cosines[np.argmin(np.abs(missed - let_in))]
    return Calibration(float(np.median(random)), float(equal_error))
