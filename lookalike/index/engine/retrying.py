"""Sending a request again while an engine asks to wait, and an engine's failures in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lookalike.errors import IndexAway, Misconfigured
from lookalike.index.engine.protocol import Answer
from lookalike.index.pausing import pauses
from lookalike.telemetry import metrics

PATIENCE_S = 8.0
"""How long a request goes on being sent again."""

BLOCKED = (
    "The engine takes no writes: its disk is over the flood-stage watermark, or the index is set "
    "read-only. Free some disk; it goes on by itself."
)

_BUSY = frozenset({429, 502, 503, 504})


def patiently(send: Callable[[], Answer]) -> Answer:
    """The answer, once the engine has time for it.

    Raises `IndexAway` where it stays busy or fails, and `Misconfigured` where it refuses us.
    """
    try:
        return _checked(_answer(send))
    except IndexAway:
        metrics.ENGINE_ERRORS.labels("away").inc()
        raise
    except Misconfigured:
        metrics.ENGINE_ERRORS.labels("refused").inc()
        raise


def _answer(send: Callable[[], Answer]) -> Answer:
    """The first answer that does not ask to wait, or the last one that does."""
    for _ in pauses(PATIENCE_S):
        with metrics.ENGINE_SECONDS.time():
            answer = send()
        if answer.status not in _BUSY:
            break
        metrics.ENGINE_BUSY.labels(answer.status).inc()
    return answer


def _checked(answer: Answer) -> Answer:
    if is_blocked(answer.body) and not is_fenced(answer.body):
        raise IndexAway(BLOCKED)
    if answer.status in {401, 403} and not is_fenced(answer.body):
        raise Misconfigured(
            "The engine refuses our key or password, or does not let it do this. Check "
            f"LOOKALIKE_INDEX_API_KEY, or LOOKALIKE_INDEX_USER and LOOKALIKE_INDEX_PASSWORD "
            f"({reason(answer.body)})."
        )
    if answer.status >= 500 or answer.status == 429:
        raise IndexAway(f"The engine cannot answer at the moment ({reason(answer.body)}).")
    return answer


def is_fenced(body: Any) -> bool:
    """Whether an answer, or an item of a bulk answer, says that the index takes no writes because
    one of us fences it: a block of a moment (see `engine/editions.py`)."""
    return is_blocked(body) and "index write (api)" in str(body["error"])


def is_gone(body: Any) -> bool:
    """Whether an answer, or an item of a bulk answer, says that the alias is not there."""
    return isinstance(body, dict) and "index_not_found" in str(body.get("error", ""))


def is_blocked(body: Any) -> bool:
    """Whether an answer, or an item of a bulk answer, says that nothing may be written."""
    return isinstance(body, dict) and "cluster_block_exception" in str(body.get("error", ""))


def reason(body: Any) -> str:
    """Why an engine says that it failed, short enough for a sentence."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        causes = error.get("root_cause") or [error]
        error = causes[0].get("reason") or causes[0].get("type") or error.get("type")
    return " ".join(str(error).split())[:300]
