"""A turn belongs to one process at a time."""

from __future__ import annotations

import time

from redis import Redis

from lookalike.jobs.redis_turn import RedisTurn


def test_one_process_at_a_time_has_the_turn_and_may_keep_it(redis_client: Redis) -> None:
    ours, theirs = RedisTurn(redis_client, "sweeper"), RedisTurn(redis_client, "sweeper")
    assert ours.take(60)
    assert not theirs.take(60)
    assert ours.take(60)
    assert RedisTurn(redis_client, "another").take(60)


def test_a_turn_runs_out(redis_client: Redis) -> None:
    ours, theirs = RedisTurn(redis_client, "sweeper"), RedisTurn(redis_client, "sweeper")
    assert ours.take(60)
    assert ours.take(0.05), "taken again, it lasts from now on"
    deadline = time.monotonic() + 20
    while not theirs.take(60):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert not ours.take(60)
