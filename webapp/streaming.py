"""A list inside a large JSON object, one element at a time, in bounded memory.

The parsers that stream (ijson on YAJL) put '?' for half of a surrogate pair and know no number over
64 bits, where a single upload of the same product is told what is wrong with it. So each element
goes through the decoder that every other body goes through."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NoReturn

from lookalike.errors import Invalid
from webapp.body import DECODER, NotJson, shallow, too_deep

LONGEST_VALUE = 4 * 1024 * 1024
"""Characters of one element, more than a product's limits allow even if every letter is escaped."""

_READ = 256 * 1024
_SPACE = " \t\n\r"
_AFTER_A_VALUE = frozenset(_SPACE + ",:]}")


def elements(file: BinaryIO, member: str, other: Callable[[str], None]) -> Iterator[Any]:
    """The elements of the list that is the object's `member`; `other` hears the names of its other
    members. The whole is checked only once the iterator is through.

    Raises `NotJson` for what is no JSON object, and `Invalid` where `member` is missing, twice
    there, or no list with at least one element.
    """
    text = _Text(file)
    if text.peek() != "{":
        text.refuse("The body must be a JSON object, in braces.")
    found = False
    for name in _members(text):
        if name != member:
            other(name)
            text.value()
        elif found or text.peek() != "[":
            raise _no_list(member)
        else:
            found = True
            yield from _list(text, member)
    if text.peek():
        text.refuse("The body goes on after its JSON object.")
    if not found:
        raise _no_list(member)


def _members(text: _Text) -> Iterator[str]:
    """The names of an object's members; the caller takes each value before it goes on."""
    text.take("{")
    if text.peek() == "}":
        text.take("}")
        return
    while True:
        if text.peek() != '"':
            text.refuse("The body is not JSON: the name of a member must stand in quotes.")
        name = text.value()
        text.take(":")
        yield name
        if text.take(",}") == "}":
            return


def _list(text: _Text, member: str) -> Iterator[Any]:
    text.take("[")
    if text.peek() == "]":
        raise _no_list(member)
    while True:
        yield shallow(text.value())
        if text.take(",]") == "]":
            return


def _no_list(member: str) -> Invalid:
    detail = f"`{member}` must be a list, once, with at least one product."
    return Invalid(detail, {member: [detail]})


class _Text:
    """JSON text that is read as it is needed."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._buffer = ""
        self._at = 0
        self._passed = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is no white space; none at the end."""
        while True:
            while self._at < len(self._buffer):
                if self._buffer[self._at] not in _SPACE:
                    return self._buffer[self._at]
                self._at += 1
            if not self._more(_READ):
                return ""

    def take(self, expected: str) -> str:
        """Goes past the next character, which must be one of these."""
        letter = self.peek()
        if not letter or letter not in expected:
            wanted = " or ".join(f"'{each}'" for each in expected)
            self.refuse(f"The body is not JSON: {wanted} is missing.")
        self._at += 1
        return letter

    def value(self) -> Any:
        """The next value. What cannot be decoded may be cut off, so more is read, twice as much
        each time, before it is refused."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._at)
            except RecursionError as error:
                raise too_deep() from error
            except ValueError as error:
                waiting = len(self._buffer) - self._at
                if waiting > LONGEST_VALUE or not self._more(max(waiting, _READ)):
                    self.refuse(_reason(error))
                continue
            length = end - self._at
            # `12` may go on as `123`, `12.5` or `12e3`, so a value ends where another thing begins.
            if self._buffer[end : end + 1] in _AFTER_A_VALUE or not self._more(_READ):
                self._at += length
                return value

    def refuse(self, reason: str) -> NoReturn:
        """Raises `NotJson`, saying where."""
        raise NotJson(f"{reason} (near character {self._passed + self._at:,})")

    def _more(self, size: int) -> bool:
        """Reads on; False at the end."""
        if self._ended:
            return False
        piece = self._file.read(size)
        self._ended = not piece
        try:
            text = self._decoder.decode(piece, final=self._ended)
        except UnicodeDecodeError as error:
            raise NotJson("The body is not UTF-8.") from error
        self._passed += self._at
        self._buffer = self._buffer[self._at :] + text
        self._at = 0
        return not self._ended


def _reason(error: ValueError) -> str:
    said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return f"The body is not JSON: {said}."
