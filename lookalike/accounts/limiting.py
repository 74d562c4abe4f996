"""What has been used of a limit, where every process sees it: counters and buckets.

Both may be lost at any time. A counter then begins again from the truth, a bucket is full."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Taken:
    """How many were granted, and how many are used now."""

    granted: int
    used: int


class Counters(Protocol):
    """How much is used, by name. Every method is one atomic step; all raise `QueueAway`."""

    def take(self, name: str, n: int, limit: int | None, truth: Callable[[], int]) -> Taken:
        """Uses up to `n` more, so that no more than `limit` (None: any number) are used. A counter
        that is not there begins with what `truth` says."""

    def shift(self, name: str, by: int) -> None:
        """Changes a counter that is there; it does not fall below 0."""

    def read(self, names: Sequence[str]) -> dict[str, int]:
        """The counters that are there, by name."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Whether a bucket gave a token, how many are left, and in how many seconds it gives one again
    and is full again."""

    granted: bool
    left: int
    next_s: float
    full_s: float


class Buckets(Protocol):
    """Token buckets by name. Each fills evenly, from empty to full within a window."""

    def draw(self, name: str, size: int, window_s: float) -> Drawn:
        """Takes a token from the bucket, if there is one. One atomic step; raises `QueueAway`."""
