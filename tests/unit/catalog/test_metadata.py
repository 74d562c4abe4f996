"""Metadata as terms: what can be filtered by."""

from __future__ import annotations

from lookalike.catalog.metadata import term, terms, unfilterable


def test_values_compare_by_json_type_and_value() -> None:
    assert term("size", 3) == term("size", 3.0)
    different = [3, "3", 3.5, True, False, None, 1, "true", "", "a", "A", "é", "e"]
    assert len({term("size", each) for each in different}) == len(different)


def test_lists_of_scalars_give_a_term_each() -> None:
    assert set(terms({"color": ["red", "blue"], "size": 3})) == {
        term("color", "red"),
        term("color", "blue"),
        term("size", 3),
    }


def test_the_rest_is_stored_only_and_named() -> None:
    metadata = {"long": "x" * 257, "deep": {"a": 1}, "mixed": ["a", ["b"]], "good": "a"}
    assert set(terms(metadata)) == {term("mixed", "a"), term("good", "a")}
    assert unfilterable(metadata) == ["long", "deep", "mixed"]
