"""A list in a large JSON object, element by element."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.errors import Invalid
from webapp.body import NotJson
from webapp.streaming import elements

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers() | FLOATS | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Trickling(io.BytesIO):
    """A file that gives a few bytes at a time, so that everything is cut off somewhere."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__(data)
        self._step = step

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._step)


def through(data: bytes, step: int = 7) -> tuple[list[Any], list[str]]:
    """The elements, and the names of the other members."""
    others: list[str] = []
    return list(elements(Trickling(data, step), "products", others.append)), others


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, list[Any], list[str]]:
    """A body, its products, and the names of its other members."""
    others = draw(st.dictionaries(st.text(), VALUES, max_size=3))
    others.pop("products", None)
    products = draw(st.lists(VALUES, min_size=1, max_size=5))
    members = draw(st.permutations([*others.items(), ("products", products)]))
    escaped, indent = draw(st.booleans()), draw(st.sampled_from([None, 0, 2]))
    text = json.dumps(dict(members), ensure_ascii=escaped, indent=indent)
    return text.encode(), products, [name for name, _ in members if name != "products"]


@settings(deadline=None)
@given(bodies(), st.integers(1, 50))
def test_whatever_json_says_is_read_however_it_is_cut(
    body: tuple[bytes, list[Any], list[str]], step: int
) -> None:
    data, products, others = body
    assert through(data, step) == (products, others)


def test_numbers_keep_their_type_and_their_digits() -> None:
    data = b'{"products": [1000, 1000.0, 123456789012345678901234567890, 1e3]}'
    read, _ = through(data, 3)
    assert [repr(each) for each in read] == [
        "1000",
        "1000.0",
        "123456789012345678901234567890",
        "1000.0",
    ]


@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "[]",
        "{",
        '{"products"',
        '{"products": [1',
        '{"products": [1,]}',
        '{"products": [1 2]}',
        '{"products": [1}',
        '{"products": [1]} 2',
        '{"products": [1],}',
        "{products: [1]}",
        '{"a": tru, "products": [1]}',
        '{"products": [NaN]}',
        '{"products": [1e999]}',
        '{"products": [{"a": "b]}',
    ],
)
def test_what_is_no_json_object_is_refused(text: str, step: int) -> None:
    with pytest.raises(NotJson):
        through(text.encode(), step)


@pytest.mark.parametrize(
    "text", ["{}", '{"products": []}', '{"products": 1}', '{"products": [1], "products": [2]}']
)
def test_a_list_with_an_element_must_be_there_once(text: str) -> None:
    with pytest.raises(Invalid):
        through(text.encode())


@pytest.mark.parametrize("start", [b'{"products": ["', b'{"products": [[1,'])
def test_an_element_without_an_end_does_not_fill_the_memory(start: bytes) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def seek(self, offset: int, whence: int = 0) -> int:
            return 0

        def read(self, size: int = -1) -> bytes:
            piece = start if not self.given else b"11,1" * (size // 4)
            self.given += len(piece)
            return piece

    file = Endless()
    with pytest.raises(NotJson):
        list(elements(file, "products", print))  # type: ignore[arg-type]
    assert file.given < 20 * 1024 * 1024


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(NotJson, match="UTF-8"):
        through(b'{"products": ["\xff"]}')
