"""A `Memory` on Redis."""

from __future__ import annotations

from contextlib import suppress

from lookalike.accounts.redis_limiting import RedisLine
from lookalike.errors import QueueAway

KEPT_S = 3600


class RedisMemory:
    """Keeps bytes for an hour after they were last put there. Where Redis does not answer at once
    it is as if nothing had been kept: a search does not wait for what would only save time."""

    def __init__(self, line: RedisLine, namespace: str = "lookalike") -> None:
        self._line = line
        self._prefix = f"{namespace}:query:"

    def get(self, name: str) -> bytes | None:
        """The bytes under a name, while they are kept."""
        with suppress(QueueAway), self._line.asked():
            found = self._line.connection.get(self._prefix + name)
            return found if isinstance(found, bytes) else None
        return None

    def put(self, name: str, value: bytes) -> None:
        """Keeps bytes under a name."""
        with suppress(QueueAway), self._line.asked():
            self._line.connection.set(self._prefix + name, value, ex=KEPT_S)
