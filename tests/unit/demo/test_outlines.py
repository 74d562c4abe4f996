"""Outlines: what the drawings are made of."""

from __future__ import annotations

import math

import pytest

from lookalike.demo.drawings.look import Print
from lookalike.demo.drawings.outlines import arc, both, bounds, box, curve, loop, oval, rounded
from lookalike.demo.drawings.prints import figures
from lookalike.demo.drawings.view import View


def test_a_box_without_radius_keeps_its_corners() -> None:
    corners = {(round(x, 9), round(y, 9)) for x, y in box(-3, -2, 3, 2)}
    assert corners == {(-3, -2), (3, -2), (3, 2), (-3, 2)}


def test_rounding_keeps_away_from_the_corner_and_never_leaves_the_polygon() -> None:
    corner = (3.0, -2.0)
    outline = rounded([(-3, -2), corner, (3, 2), (-3, 2)], 1)
    assert min(math.dist(point, corner) for point in outline) > 0.2
    assert bounds(outline) == pytest.approx((-3, -2, 3, 2))


def test_a_radius_larger_than_the_edges_is_cut_to_their_half() -> None:
    assert bounds(box(0, 0, 2, 2, 50)) == pytest.approx((0, 0, 2, 2))


def test_an_oval_has_its_radii() -> None:
    assert bounds(oval(5, 1, 3, 2)) == pytest.approx((2, -1, 8, 3), abs=0.01)
    assert bounds(oval(0, 0, 3)) == pytest.approx((-3, -3, 3, 3), abs=0.01)


def test_an_arc_runs_clockwise_from_the_right() -> None:
    first, *_, last = arc((0, 0), (2, 1), 0, 90)
    assert first == pytest.approx((2, 0))
    assert last == pytest.approx((0, 1))


def test_curves_run_through_all_their_points() -> None:
    points = [(0.0, 0.0), (3.0, 5.0), (7.0, -2.0), (9.0, 1.0)]
    for outline in (curve(points), loop(points)):
        assert all(min(math.dist(point, at) for at in outline) < 1e-9 for point in points)


def test_both_sides_mirror_each_other_and_share_the_middle_once() -> None:
    assert both([(0, 0), (2, 1), (0, 3)]) == [(0, 0), (2, 1), (0, 3), (-2, 1)]


def test_a_turn_makes_things_narrower_and_their_near_side_larger() -> None:
    left, top, right, bottom = bounds(View(turn=30).seen(box(-10, -10, 10, 10)))
    assert right - left < 20
    assert bottom - top > 20


def test_a_mirror_swaps_the_sides() -> None:
    assert View(mirror=True).seen([(3, 4)]) == [(-3, 4)]


@pytest.mark.parametrize("of", list(Print))
def test_a_print_covers_the_whole_area_and_a_plain_one_none(of: Print) -> None:
    area = (-20.0, -30.0, 20.0, 30.0)
    points = [point for figure in figures(of, area) for point in figure]
    assert bool(points) == (of is not Print.PLAIN)
    if points:
        left, top, right, bottom = bounds(points)
        assert left <= -14
        assert right >= 14
        assert top <= -24
        assert bottom >= 24
