"""Sending a request again while an engine asks to wait, and an engine's failures in words."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from lookalike.errors import IndexAway, Misconfigured
from lookalike.index.engine.protocol import Answer

PATIENCE_S = 8.0
"""How long a request goes on being sent again."""

BLOCKED = (
    "The engine takes no writes: its disk is over the flood-stage watermark, or the index is set "
    "read-only. Free some disk; it goes on by itself."
)

_FIRST_PAUSE_S = 0.1
_BUSY = frozenset({429, 502, 503, 504})


def patiently(send: Callable[[], Answer]) -> Answer:
    """The answer, once the engine has time for it.

    Raises `IndexAway` where it stays busy or fails, and `Misconfigured` where it refuses us.
    """
    for _ in pauses():
        answer = send()
        if answer.status not in _BUSY:
            break
    return _checked(answer)


def pauses() -> Iterator[None]:
    """Once, and again after each pause, for as long as one is patient. Pauses double, with chance
    in them, so that many processes do not come back at once."""
    deadline, pause = time.monotonic() + PATIENCE_S, _FIRST_PAUSE_S
    yield
    while time.monotonic() + pause < deadline:
        time.sleep(pause * (0.5 + random.random()))  # noqa: S311
        yield
        pause *= 2


def _checked(answer: Answer) -> Answer:
    if is_blocked(answer.body):
        raise IndexAway(BLOCKED)
    if answer.status in {401, 403}:
        raise Misconfigured(
            "The engine refuses our key or password, or does not let it do this. Check "
            f"LOOKALIKE_INDEX_API_KEY, or LOOKALIKE_INDEX_USER and LOOKALIKE_INDEX_PASSWORD "
            f"({reason(answer.body)})."
        )
    if answer.status >= 500 or answer.status == 429:
        raise IndexAway(f"The engine cannot answer at the moment ({reason(answer.body)}).")
    return answer


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
