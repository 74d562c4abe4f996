"""Calibration: the same score means the same for every model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lookalike.embedding.calibration import Calibration, fit

cosines = st.floats(-1, 1)


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    low, high = draw(st.floats(-0.99, 0.99)), draw(st.floats(-0.99, 0.99))
    assume(high - low > 1e-3)
    return Calibration(low, high)


def test_the_lines_go_through_the_four_points_of_the_contract() -> None:
    calibration = Calibration(random_median=0.2, equal_error=0.6)
    points = {-1.0: 0.0, 0.2: 0.30, 0.6: 0.70, 1.0: 1.0, 0.4: 0.5, 0.8: 0.85}
    assert {cosine: calibration.score(cosine) for cosine in points} == pytest.approx(points)


@given(calibrations(), cosines, cosines)
def test_a_larger_cosine_never_has_a_smaller_score(
    calibration: Calibration, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert 0 <= calibration.score(low) <= calibration.score(high) <= 1


@given(calibrations(), st.floats(0, 1))
def test_the_cosine_of_a_score_has_that_score(calibration: Calibration, score: float) -> None:
    assert calibration.score(calibration.cosine(score)) == pytest.approx(score, abs=1e-9)


@pytest.mark.parametrize(("low", "high"), [(0.5, 0.5), (0.6, 0.5), (-1, 0.5), (0.5, 1)])
def test_points_out_of_order_are_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="random_median"):
        Calibration(low, high)


def test_the_fit_finds_the_median_and_the_point_of_equal_error() -> None:
    random = np.linspace(-0.5, 0.5, 10_001, dtype=np.float32)
    same = np.linspace(0.3, 0.9, 5_001, dtype=np.float32)
    fitted = fit(same, random)
    # Let in: (0.5 - x) / 1.0; missed: (x - 0.3) / 0.6; equal at x = 0.375.
    assert fitted.random_median == pytest.approx(0.0, abs=1e-3)
    assert fitted.equal_error == pytest.approx(0.375, abs=1e-3)


def test_a_model_that_tells_nothing_apart_cannot_be_calibrated() -> None:
    same = np.linspace(-0.9, -0.5, 100, dtype=np.float32)
    with pytest.raises(ValueError, match="random_median"):
        fit(same, np.linspace(-0.4, 0.4, 100, dtype=np.float32))
