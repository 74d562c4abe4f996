"""Skus that come more than once in an upload. All skus of a large one are held at once, so 8 bytes
stand for each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np


class Repeats:
    """Those of the skus that come more than once, and where each was last noted."""

    def __init__(self, skus: Iterable[str]) -> None:
        numbers = np.fromiter(map(_number, skus), np.uint64)
        numbers.sort()
        self._numbers = np.unique(numbers[1:][numbers[1:] == numbers[:-1]])
        self._last = np.full(len(self._numbers), -1)

    def __bool__(self) -> bool:
        return len(self._numbers) > 0

    def note(self, sku: str, at: int) -> None:
        """The sku comes at this place; the last word counts."""
        if (place := self._place(sku)) is not None:
            self._last[place] = at

    def is_last(self, sku: str, at: int) -> bool:
        """Whether the sku comes at no other place, or was noted at this one last."""
        place = self._place(sku)
        return place is None or bool(self._last[place] == at)

    def _place(self, sku: str) -> int | None:
        if not self:
            return None
        number = np.uint64(_number(sku))
        place = int(np.searchsorted(self._numbers, number))
        found = place < len(self._numbers) and self._numbers[place] == number
        return place if found else None


def _number(sku: str) -> int:
    """One of 2⁶⁴: among 100,000 skus two share theirs once in four billion uploads."""
    digest = hashlib.md5(sku.encode(errors="surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8])
