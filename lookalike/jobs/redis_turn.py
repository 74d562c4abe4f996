"""A turn that one process has at a time, by a key of Redis that expires."""

from __future__ import annotations

from redis import Redis

from lookalike.jobs.redis_errors import redis_in_words


class RedisTurn:
    """The turn named `name`. It is not given back: it runs out, so a process that ends in the
    middle keeps the others waiting no longer than that."""

    def __init__(self, connection: Redis, name: str, namespace: str = "lookalike") -> None:
        self._connection = connection
        self._key = f"{namespace}:turn:{name}"

    def take(self, seconds: float) -> bool:
        """Whether the turn is this process's for so many seconds. Raises `QueueAway`."""
        with redis_in_words():
            taken = self._connection.set(self._key, "1", nx=True, px=int(seconds * 1000))
        return bool(taken)
