"""Answers that are kept, so that a client whose connection broke can send its upload again and is
told what the first one did (the `Idempotency-Key` of the IETF's draft)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lookalike.errors import Refused

KEPT_S = 24 * 3600
"""How long an answer is kept."""

RUNNING_S = 15 * 60
"""A request that has not ended after this time was left behind by a process that ended."""


class KeyReused(Refused):
    """The key was sent with another request before."""

    code = "idempotency_key_reused"


class StillRunning(Refused):
    """The first request with this key has not ended yet."""

    code = "still_running"


@dataclass(frozen=True, slots=True)
class Answer:
    """A first answer: an HTTP status, and a body of JSON."""

    status: int
    body: bytes


class Answers(Protocol):
    """First answers by tenant and key. Every method is one atomic step and raises `QueueAway` when
    the store is away."""

    def begin(self, tenant: str, key: str, request: str) -> Answer | None:
        """The answer that this request got before. None: it is the first, and has begun.

        `request` is a digest of all that makes it the same. Raises `KeyReused` and `StillRunning`.
        """

    def keep(self, tenant: str, key: str, request: str, answer: Answer) -> None:
        """The request has ended with this answer, perhaps after it was held to be left behind."""

    def forget(self, tenant: str, key: str) -> None:
        """The request could not be done: the next one with this key is the first again."""
