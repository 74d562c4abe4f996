"""Redis's own errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from redis.exceptions import RedisError

from lookalike.errors import QueueAway

log = structlog.get_logger(__name__)


@contextmanager
def redis_in_words() -> Iterator[None]:
    """Turns every error of Redis (away, still loading, read-only, full) into `QueueAway`.

    Redis's own words name hosts and paths: they are for the log, not for whoever called.
    """
    try:
        yield
    except RedisError as error:
        log.warning("redis_away", reason=str(error))
        raise QueueAway(
            "Redis cannot be used at the moment. What was accepted is kept, and is queued again "
            "once Redis is back."
        ) from error
