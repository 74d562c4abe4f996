"""Counters and buckets on Redis: each step is one script, so atomic and one round trip."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from redis import Redis

from lookalike.accounts.limiting import Drawn, Taken
from lookalike.errors import QueueAway
from lookalike.jobs.redis_errors import redis_in_words

REST_S = 1.0

# ARGV: how many, the limit, seconds to keep, the truth; '' stands for no limit and for a truth that
# nobody has looked up yet. Gives nothing where it would be needed.
_TAKE = """
local used = tonumber(redis.call('GET', KEYS[1]) or ARGV[4])
if not used then return false end
local granted, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
if limit then granted = math.max(0, math.min(granted, limit - used)) end
redis.call('SET', KEYS[1], used + granted, 'EX', ARGV[3])
return {granted, used + granted}
"""

_SHIFT = """
local used = redis.call('GET', KEYS[1])
if used then redis.call('SET', KEYS[1], math.max(0, used + ARGV[1]), 'KEEPTTL') end
"""

# ARGV: size, window in microseconds. A bucket fills evenly, so the time at which it will be full
# (by the server's clock, the only one) tells all about it; once it is full it may be forgotten.
_DRAW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local size = tonumber(ARGV[1])
local token = math.floor(ARGV[2] / size)
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local late = full + token - (now + token * size)
if late > 0 then return {0, 0, late, full - now} end
full = full + token
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
local left = math.floor((token * size - (full - now)) / token)
return {1, left, math.max(0, full + token - (now + token * size)), full - now}
"""


class RedisLine:
    """A connection that requests share which can go on without it: after a failure it is left alone
    for a second, and nobody else waits meanwhile. Thread-safe."""

    def __init__(self, connection: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self.connection = connection
        self._clock = clock
        self._rests_until = float("-inf")

    @contextmanager
    def asked(self) -> Iterator[None]:
        """For one call. Raises `QueueAway`."""
        if self._clock() < self._rests_until:
            raise QueueAway("Redis did not answer a moment ago.")
        try:
            with redis_in_words():
                yield
        except QueueAway:
            self._rests_until = self._clock() + REST_S
            raise


class RedisCounters:
    """`Counters` of one kind, `what`; each goes `kept_s` seconds after it was last taken from."""

    def __init__(
        self, line: RedisLine, what: str, kept_s: int, namespace: str = "lookalike"
    ) -> None:
        self._line = line
        self._prefix = f"{namespace}:used:{what}:"
        self._kept_s = kept_s
        self._take = line.connection.register_script(_TAKE)
        self._shift = line.connection.register_script(_SHIFT)

    def take(self, name: str, n: int, limit: int | None, truth: Callable[[], int]) -> Taken:
        """Uses up to `n` more, so that no more than `limit` are used."""
        return (
            self._tried(name, n, limit, "") or self._tried(name, n, limit, truth()) or Taken(0, 0)
        )

    def _tried(self, name: str, n: int, limit: int | None, truth: int | str) -> Taken | None:
        arguments = [n, "" if limit is None else limit, self._kept_s, truth]
        with self._line.asked():
            taken = self._take([self._prefix + name], arguments)
        return Taken(*taken) if taken else None

    def shift(self, name: str, by: int) -> None:
        """Changes a counter that is there."""
        with self._line.asked():
            self._shift([self._prefix + name], [by])

    def read(self, names: Sequence[str]) -> dict[str, int]:
        """The counters that are there, by name."""
        if not names:
            return {}
        with self._line.asked():
            found = self._line.connection.mget([self._prefix + name for name in names])
        return {
            name: int(used) for name, used in zip(names, found, strict=True) if used is not None
        }


class RedisBuckets:
    """`Buckets` on Redis. One that is full again leaves nothing behind."""

    def __init__(self, line: RedisLine, namespace: str = "lookalike") -> None:
        self._line = line
        self._prefix = f"{namespace}:bucket:"
        self._draw = line.connection.register_script(_DRAW)

    def draw(self, name: str, size: int, window_s: float) -> Drawn:
        """Takes a token from the bucket, if there is one."""
        with self._line.asked():
            granted, left, next_us, full_us = self._draw(
                [self._prefix + name], [size, int(window_s * 1e6)]
            )
        return Drawn(bool(granted), left, next_us / 1e6, full_us / 1e6)
