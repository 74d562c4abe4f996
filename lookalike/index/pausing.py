"""Trying again for a while."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


def pauses(patience_s: float) -> Iterator[None]:
    """Once, and again after each pause, for as long as one is patient. Pauses double, with chance
    in them, so that many processes do not come back at once."""
    deadline, pause = time.monotonic() + patience_s, _FIRST_PAUSE_S
    yield
    while time.monotonic() + pause < deadline:
        time.sleep(pause * (0.5 + random.random()))  # noqa: S311
        yield
        pause = min(2 * pause, _LONGEST_PAUSE_S)
