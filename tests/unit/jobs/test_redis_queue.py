"""What is Redis's own about the queue on Redis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from lookalike.errors import QueueAway
from lookalike.jobs.protocol import Claim, Claimed
from lookalike.jobs.redis_queue import RedisOwedQueue

ANNA = "7f2c1a34-0c55-4b0e-9a5e-111111111111"
CLAIM = Claim("token", (Claimed(ANNA, "a", 0),))


def test_two_namespaces_share_nothing(redis_client: Redis) -> None:
    one = RedisOwedQueue(redis_client, namespace="{one}")
    other = RedisOwedQueue(redis_client, namespace="{other}")
    one.add(ANNA, ["a"])
    assert other.claim(1).items == ()
    one.claim(1)
    keys = redis_client.keys()
    assert keys
    assert all(key.startswith(b"{one}:") for key in keys)


def test_a_server_that_forgot_its_scripts_is_told_them_again(redis_client: Redis) -> None:
    queue = RedisOwedQueue(redis_client)
    queue.add(ANNA, ["a"])
    redis_client.script_flush()
    assert len(queue.claim(1).items) == 1


def test_when_redis_is_gone_every_call_says_so(
    start_valkey: Callable[..., tuple[str, object]], tmp_path: Path
) -> None:
    url, process = start_valkey(tmp_path)
    with Redis.from_url(url) as connection:
        queue = RedisOwedQueue(connection)
        queue.ping()
        process.kill()
        process.wait()
        calls: list[Callable[[], object]] = [
            queue.ping,
            lambda: queue.add(ANNA, ["a"]),
            lambda: queue.claim(1),
            lambda: queue.renew(CLAIM),
            lambda: queue.settle(CLAIM, CLAIM.items),
            lambda: queue.retry(CLAIM, [(CLAIM.items[0], 0)]),
            lambda: queue.release(CLAIM, CLAIM.items, 0),
            queue.expire,
            lambda: queue.restore([(ANNA, "a")]),
            lambda: queue.leased(ANNA, ["a"]),
            lambda: queue.forget(ANNA, ["a"]),
            queue.depth,
        ]
        for call in calls:
            with pytest.raises(QueueAway) as raised:
                call()
            assert str(tmp_path) not in raised.value.detail


def test_a_redis_that_takes_no_writes_is_away(redis_client: Redis) -> None:
    queue = RedisOwedQueue(redis_client)
    redis_client.replicaof("127.0.0.1", 1)
    try:
        with pytest.raises(QueueAway):
            queue.add(ANNA, ["a"])
    finally:
        redis_client.replicaof("NO", "ONE")
    queue.add(ANNA, ["a"])
    assert queue.depth().due == 1
