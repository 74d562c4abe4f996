"""Redis's own errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from lookalike.errors import QueueAway


@contextmanager
def redis_in_words() -> Iterator[None]:
    """Turns every error of Redis into `QueueAway`."""
    try:
        yield
    except RedisError as error:
        raise QueueAway(
            f"Redis does not do its work ({error}). What was accepted is kept, and is queued again "
            "once Redis is back."
        ) from error
