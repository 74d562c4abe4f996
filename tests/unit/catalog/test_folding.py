"""Folding: what finds what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.catalog.category import segments
from lookalike.catalog.folding import fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CAFÉ", "cafe"),
        ("cafe\u0301", "café"),
        ("Молоко", "молоко"),
        ("Ὀδυσσεύς", "οδυσσευσ"),
        ("ｶﾞ", "ガ"),
        ("STRASSE", "straße"),
        ("ﬁne", "fine"),
    ],
)
def test_these_find_each_other(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("й", "и"), ("ї", "і"), ("が", "か")])
def test_letters_of_their_own_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_a_folded_text_folds_to_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Outerwear > Jackets", ("outerwear", "jackets")),
        (" Outerwear>>Jackets > ", ("outerwear", "jackets")),
        ("Молочні продукти > Молоко", ("молочні продукти", "молоко")),
        (">", ()),
        (None, ()),
    ],
)
def test_a_category_path_is_its_folded_segments(path: str | None, expected: object) -> None:
    assert segments(path) == expected
