"""Calibration: raw cosines become scores that mean the same for every model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

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
            raise ValueError(
                "a calibration needs -1 < random_median < equal_error < 1, but they are "
                f"{self.random_median} and {self.equal_error}"
            )

    def score(self, cosine: float) -> float:
        """The score in [0, 1] of a cosine in [-1, 1]; strictly rising. A cosine that rounding has
        pushed over an end counts as that end."""
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

    Where a model can tell the two apart no better than a coin, no cosine over the random median
    makes equal errors. The line then runs straight from that median to (1, 1): such a model reaches
    0.70 only close to identity, for it has shown nothing that would let it claim more.

    Raises `ValueError` where there are no pairs, or the random ones are all but identical.
    """
    if not same.size or not random.size:
        raise ValueError("a calibration needs pairs of the same product, and random pairs")
    median, equal_error = float(np.median(random)), _equal_error(same, random)
    if not median < equal_error < 1:
        known = (SAME_SCORE - RANDOM_SCORE) / (1 - RANDOM_SCORE)
        equal_error = median + known * (1 - median)
    return Calibration(median, equal_error)


def _equal_error(same: NDArray[np.float32], random: NDArray[np.float32]) -> float:
    """The cosine t for which as large a share of `same` lies under t as of `random` lies at or over
    it; the middle where a whole stretch of cosines does."""
    same, random = np.sort(same), np.sort(random)
    cosines = np.unique(np.concatenate([same, random]))

    def balance(side: Literal["left", "right"]) -> NDArray[np.int64]:
        """Negative while more random pairs are let in than same pairs are missed. In whole numbers,
        so that equal is equal. 'left': at each cosine; 'right': just over it."""
        missed = np.searchsorted(same, cosines, side) * random.size
        kept_out = np.searchsorted(random, cosines, side) * same.size
        return missed + kept_out - same.size * random.size

    last_too_low = cosines[balance("left") < 0][-1]
    first_too_high = cosines[balance("right") > 0][0]
    return (float(last_too_low) + float(first_too_high)) / 2
