"""First answers on Redis."""

from __future__ import annotations

from redis import Redis

from lookalike.idempotency.answers import KEPT_S, RUNNING_S, Answer, KeyReused, StillRunning
from lookalike.jobs.redis_errors import redis_in_words

_BEGIN = """
local known = redis.call('HMGET', KEYS[1], 'request', 'status', 'body')
if not known[1] then
  redis.call('HSET', KEYS[1], 'request', ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return known
"""


class RedisAnswers:
    """`Answers`, a hash each."""

    def __init__(self, connection: Redis, *, namespace: str = "lookalike") -> None:
        self._connection = connection
        self._prefix = f"{namespace}:answer:"
        self._begin = connection.register_script(_BEGIN)

    def begin(self, tenant: str, key: str, request: str) -> Answer | None:
        """The answer that this request got before. None: it is the first, and has begun."""
        with redis_in_words():
            first, status, body = self._begin([self._name(tenant, key)], [request, RUNNING_S])
        if first is None:
            return None
        if first.decode() != request:
            raise KeyReused(
                "This Idempotency-Key was sent with another request before. Use a new key for a "
                "new request."
            )
        if status is None:
            raise StillRunning(
                "The first request with this Idempotency-Key has not ended yet. Send it again in "
                "a while to get its answer."
            )
        return Answer(int(status), body)

    def keep(self, tenant: str, key: str, request: str, answer: Answer) -> None:
        """The request has ended with this answer."""
        name = self._name(tenant, key)
        with redis_in_words(), self._connection.pipeline() as pipeline:
            pipeline.hset(
                name, mapping={"request": request, "status": answer.status, "body": answer.body}
            )
            pipeline.expire(name, KEPT_S)
            pipeline.execute()

    def forget(self, tenant: str, key: str) -> None:
        """The request could not be done."""
        with redis_in_words():
            self._connection.delete(self._name(tenant, key))

    def _name(self, tenant: str, key: str) -> str:
        return f"{self._prefix}{tenant}|{key}"
