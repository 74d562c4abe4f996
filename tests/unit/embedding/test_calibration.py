"""Cosines become scores by the contract's four points, and `fit` finds the inner two."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lookalike.embedding.calibration import Calibration, fit

hundredths = st.integers(-99, 99).map(lambda number: number / 100)
cosines = st.floats(-1, 1)
many = st.lists(hundredths, min_size=1, max_size=30)


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    low, high = sorted(draw(st.sets(hundredths, min_size=2, max_size=2)))
    return Calibration(random_median=low, equal_error=high)


def array(*values: float) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


@given(calibrations())
def test_the_four_points_of_the_contract(calibration: Calibration) -> None:
    points = (-1, calibration.random_median, calibration.equal_error, 1)
    assert [calibration.score(point) for point in points] == [0, 0.30, 0.70, 1]


@given(calibrations(), cosines, cosines)
def test_a_higher_cosine_has_a_higher_score(
    calibration: Calibration, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert calibration.score(low) <= calibration.score(high)
    if high - low > 1e-9:
        assert calibration.score(low) < calibration.score(high)


@given(calibrations(), cosines)
def test_the_cosine_of_a_score_is_the_one_it_came_from(
    calibration: Calibration, cosine: float
) -> None:
    assert calibration.cosine(calibration.score(cosine)) == pytest.approx(cosine, abs=1e-9)


def test_a_cosine_that_rounding_pushed_over_one_scores_one() -> None:
    assert Calibration(0.1, 0.5).score(1.0000002) == 1


@pytest.mark.parametrize(
    ("median", "equal_error"),
    [(0.5, 0.5), (0.6, 0.5), (-1, 0.5), (0.1, 1), (float("nan"), 0.5), (0.1, float("nan"))],
)
def test_points_out_of_order_are_refused(median: float, equal_error: float) -> None:
    with pytest.raises(ValueError, match="random_median < equal_error"):
        Calibration(median, equal_error)


def test_one_error_in_five_of_either_kind() -> None:
    fitted = fit(same=array(0.4, 0.6, 0.7, 0.8, 0.9), random=array(0.0, 0.1, 0.2, 0.3, 0.5))
    assert fitted.random_median == pytest.approx(0.2)
    assert fitted.equal_error == pytest.approx(0.45)  # anywhere over 0.4, up to 0.5


def test_pairs_that_lie_apart_are_parted_in_the_middle() -> None:
    fitted = fit(same=array(0.8, 0.9), random=array(-0.1, 0.0, 0.4))
    assert fitted.equal_error == pytest.approx(0.6)


def test_two_bells_of_one_width_are_parted_half_way() -> None:
    numbers = np.random.default_rng(seed=1)
    same = numbers.normal(0.6, 0.1, 20_000).astype(np.float32)
    random = numbers.normal(0.2, 0.1, 50_000).astype(np.float32)
    fitted = fit(same, random)
    assert fitted.random_median == pytest.approx(0.2, abs=0.005)
    assert fitted.equal_error == pytest.approx(0.4, abs=0.005)


@given(many, many)
def test_at_the_equal_error_the_larger_of_the_two_errors_changes_sides(
    same: list[float], random: list[float]
) -> None:
    fitted = fit(array(*same), array(*random))
    if not is_better_than_a_coin(fitted):
        return

    def missed_minus_let_in(cosine: float) -> float:
        return float(np.mean(array(*same) < cosine) - np.mean(array(*random) >= cosine))

    assert missed_minus_let_in(fitted.equal_error - 1e-4) <= 1e-9
    assert missed_minus_let_in(fitted.equal_error + 1e-4) >= -1e-9


def is_better_than_a_coin(fitted: Calibration) -> bool:
    straight = fitted.random_median + 4 / 7 * (1 - fitted.random_median)
    return fitted.equal_error != pytest.approx(straight, abs=1e-6)


def test_a_model_no_better_than_a_coin_gets_a_straight_line_over_the_median() -> None:
    fitted = fit(same=array(-0.2, 0.1, 0.2), random=array(0.0, 0.3, 0.4))
    assert fitted.random_median == pytest.approx(0.3)
    assert fitted.score(0.65) == pytest.approx(0.65)
    assert fitted.score(0.4) < 0.4


@pytest.mark.parametrize(("same", "random"), [([], [0.1]), ([0.5], []), ([1.0, 1.0], [1.0, 1.0])])
def test_pairs_that_show_nothing_are_refused(same: list[float], random: list[float]) -> None:
    with pytest.raises(ValueError, match="a calibration needs"):
        fit(array(*same), array(*random))
