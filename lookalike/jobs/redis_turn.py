"""A turn that one process has at a time, by a key of Redis that expires."""

from __future__ import annotations

import secrets

from redis import Redis

from lookalike.jobs.redis_errors import redis_in_words
from lookalike.jobs.sweeper import Hold

_TAKE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 'kept'
end
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and 'new' or 'others'
"""


class RedisTurn:
    """The turn named `name`. Whoever has it may take it again; it is not given back, but runs out,
    so a process that ends in the middle keeps the others waiting no longer than that."""

    def __init__(self, connection: Redis, name: str, namespace: str = "lookalike") -> None:
        self._key = f"{namespace}:turn:{name}"
        self._token = secrets.token_hex(8)
        self._take = connection.register_script(_TAKE)

    def take(self, seconds: float) -> Hold:
        """Whose the turn is for so many seconds from now. Raises `QueueAway`."""
        with redis_in_words():
            return Hold(self._take([self._key], [self._token, int(seconds * 1000)]).decode())
