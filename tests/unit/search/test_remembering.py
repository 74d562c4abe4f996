"""Query vectors that are known are not made again, and a memory that fails costs nothing."""

from __future__ import annotations

import numpy as np
from redis import Redis

from lookalike.accounts.redis_limiting import RedisLine
from lookalike.index.protocol import Vector
from lookalike.search.redis_memory import RedisMemory
from lookalike.search.remembering import QueryVectors


class Model:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def make(self) -> Vector:
        self.asked += 1
        return np.array([0.6, 0.8], dtype=np.float32)


def test_the_same_content_is_embedded_once(redis_client: Redis) -> None:
    model, known = Model(), QueryVectors(RedisMemory(RedisLine(redis_client)), "m", 2)
    for _ in range(3):
        assert known.of("words", b"mug", model.make).tolist() == [np.float32(0.6), np.float32(0.8)]
    assert model.asked == 1
    known.of("words", b"mugs", model.make)
    known.of("picture", b"mug", model.make)
    QueryVectors(RedisMemory(RedisLine(redis_client)), "other", 2).of("words", b"mug", model.make)
    assert model.asked == 4
    assert all(redis_client.ttl(key) > 3000 for key in redis_client.scan_iter("lookalike:query:*"))


def test_what_is_not_a_vector_of_the_model_is_not_believed(redis_client: Redis) -> None:
    model, known = Model(), QueryVectors(RedisMemory(RedisLine(redis_client)), "m", 2)
    known.of("words", b"mug", model.make)
    (key,) = redis_client.scan_iter("lookalike:query:*")
    redis_client.set(key, b"short")
    assert len(known.of("words", b"mug", model.make)) == 2
    assert model.asked == 2


def test_without_redis_the_model_is_asked() -> None:
    away = Redis(port=1, socket_connect_timeout=0.2)
    model, known = Model(), QueryVectors(RedisMemory(RedisLine(away)), "m", 2)
    assert len(known.of("words", b"mug", model.make)) == 2
    assert model.asked == 1
