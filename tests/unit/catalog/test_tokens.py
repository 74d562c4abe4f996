"""Tokens: what is matched by words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.catalog.tokens import tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Classic Black Leather-Jacket!", ["classic", "black", "leather", "jacket"]),
        ("Молоко Lactel 2.5% 1л", ["молоко", "lactel", "2.5", "1л"]),
        ("1,5 л", ["1.5", "л"]),
        ("CAFÉ crème", ["cafe", "creme"]),
        ("牛乳パック", ["牛乳", "乳パ", "パッ", "ック"]),
        ("水", ["水"]),
        ("USB充電器x2", ["usb", "充電", "電器", "x2"]),
        ("C++ & C#", ["c++", "c"]),
        ("  ", []),
        ("…", []),
    ],
)
def test_a_text_has_these_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(st.text())
def test_tokens_hold_no_space_and_are_their_own_tokens(text: str) -> None:
    found = tokens(text)
    assert all(token.split() == [token] for token in found)
    assert [again for token in found for again in tokens(token)] == found
