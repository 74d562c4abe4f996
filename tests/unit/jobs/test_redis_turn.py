"""A turn belongs to one process at a time."""

from __future__ import annotations

import time

from redis import Redis

from lookalike.jobs.redis_turn import RedisTurn
from lookalike.jobs.sweeper import Hold


def test_one_process_at_a_time_has_the_turn_and_may_keep_it(redis_client: Redis) -> None:
    ours, theirs = RedisTurn(redis_client, "sweeper"), RedisTurn(redis_client, "sweeper")
    assert ours.take(60) is Hold.NEW
    assert theirs.take(60) is Hold.OTHERS
    assert ours.take(60) is Hold.KEPT
    assert RedisTurn(redis_client, "another").take(60) is Hold.NEW


def test_a_turn_that_redis_lost_is_a_new_one(redis_client: Redis) -> None:
    ours = RedisTurn(redis_client, "sweeper")
    assert ours.take(60) is Hold.NEW
    redis_client.flushall()
    assert ours.take(60) is Hold.NEW


def test_a_turn_runs_out(redis_client: Redis) -> None:
    ours, theirs = RedisTurn(redis_client, "sweeper"), RedisTurn(redis_client, "sweeper")
    assert ours.take(60) is Hold.NEW
    assert ours.take(0.05) is Hold.KEPT, "taken again, it lasts from now on"
    deadline = time.monotonic() + 20
    while theirs.take(60) is Hold.OTHERS:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert ours.take(60) is Hold.OTHERS
