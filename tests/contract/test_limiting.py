"""What counters and buckets do, wherever they are kept."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from lookalike.accounts.limiting import Counters, Taken
from lookalike.accounts.redis_limiting import REST_S, RedisBuckets, RedisCounters, RedisLine
from lookalike.errors import QueueAway

KEPT_S = 100


@pytest.fixture
def counters(redis_client: Redis) -> RedisCounters:
    return RedisCounters(RedisLine(redis_client), "things", KEPT_S)


@pytest.fixture
def buckets(redis_client: Redis) -> RedisBuckets:
    return RedisBuckets(RedisLine(redis_client))


def nothing() -> int:
    return 0


def unasked() -> int:
    raise AssertionError("the truth is looked up only where there is no counter")


def test_a_counter_begins_with_the_truth_and_goes_on_without_it(counters: Counters) -> None:
    assert counters.take("a", 2, 10, lambda: 5) == Taken(2, 7)
    assert counters.take("a", 2, 10, unasked) == Taken(2, 9)
    assert counters.take("a", 2, 10, unasked) == Taken(1, 10)
    assert counters.take("a", 2, 10, unasked) == Taken(0, 10)
    assert counters.read(["a", "b"]) == {"a": 10}


@pytest.mark.parametrize("truth", [10, 11, 10**9])
def test_over_the_limit_nothing_is_granted(counters: Counters, truth: int) -> None:
    assert counters.take("a", 3, 10, lambda: truth) == Taken(0, truth)


def test_without_a_limit_everything_is_granted(counters: Counters) -> None:
    assert counters.take("a", 10**12, None, nothing) == Taken(10**12, 10**12)
    assert counters.take("a", 1, None, unasked) == Taken(1, 10**12 + 1)


def test_a_limit_of_nothing_is_a_limit(counters: Counters) -> None:
    assert counters.take("a", 1, 0, nothing) == Taken(0, 0)


def test_a_counter_that_is_there_is_shifted_and_stays_above_0(counters: Counters) -> None:
    counters.shift("a", 5)
    assert counters.read(["a"]) == {}
    counters.take("a", 3, None, nothing)
    counters.shift("a", 5)
    assert counters.read(["a"]) == {"a": 8}
    counters.shift("a", -10)
    assert counters.read(["a"]) == {"a": 0}


def test_counters_of_another_kind_are_others(counters: Counters, redis_client: Redis) -> None:
    others = RedisCounters(RedisLine(redis_client), "others", KEPT_S)
    counters.take("a", 3, None, nothing)
    assert others.read(["a"]) == {}
    assert counters.read([]) == {}


def test_a_counter_goes_some_time_after_it_was_last_taken_from(
    counters: Counters, redis_client: Redis
) -> None:
    def left() -> int:
        (key,) = redis_client.keys("*")
        return int(redis_client.ttl(key))

    counters.take("a", 1, None, nothing)
    assert KEPT_S - 5 <= left() <= KEPT_S
    (key,) = redis_client.keys("*")
    redis_client.expire(key, 20)
    counters.shift("a", 1)
    assert left() <= 20
    counters.take("a", 1, None, unasked)
    assert left() > 20


def test_of_many_who_take_at_once_no_more_are_granted_than_the_limit(
    redis_url: str,
) -> None:
    """Each through a connection of its own, as processes have; nobody has counted before."""
    limit, takers = 100, 8

    def take(_: int) -> int:
        with Redis.from_url(redis_url) as connection:
            counters = RedisCounters(RedisLine(connection), "things", KEPT_S)
            return sum(counters.take("a", 3, limit, nothing).granted for _ in range(20))

    with ThreadPoolExecutor(takers) as pool:
        assert sum(pool.map(take, range(takers))) == limit


def test_a_bucket_gives_its_size_at_once_and_then_says_when(buckets: RedisBuckets) -> None:
    drawn = [buckets.draw("a", 3, 60) for _ in range(4)]
    assert [each.granted for each in drawn] == [True, True, True, False]
    assert [each.left for each in drawn] == [2, 1, 0, 0]
    assert 15 < drawn[3].next_s <= 20
    assert 55 < drawn[3].full_s <= 60
    assert buckets.draw("b", 3, 60).granted


def test_a_bucket_gives_again_when_it_said_and_no_sooner(buckets: RedisBuckets) -> None:
    buckets.draw("a", 1, 0.5)
    began = time.monotonic()
    refused = buckets.draw("a", 1, 0.5)
    assert not refused.granted
    while not buckets.draw("a", 1, 0.5).granted:
        pass
    assert time.monotonic() - began >= refused.next_s


def test_a_full_bucket_leaves_nothing_behind(buckets: RedisBuckets, redis_client: Redis) -> None:
    buckets.draw("a", 10, 0.1)
    deadline = time.monotonic() + 10
    while redis_client.keys("*"):
        assert time.monotonic() < deadline
    assert buckets.draw("a", 10, 0.1).left == 9


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_bucket_of_any_size_gives_exactly_that(buckets: RedisBuckets, size: int) -> None:
    drawn = [buckets.draw("a", size, 3600) for _ in range(size + 1)]
    assert [each.left for each in drawn] == [*range(size - 1, -1, -1), 0]
    assert [each.granted for each in drawn] == [True] * size + [False]


class Unanswering:
    """A connection to nowhere that counts how often it was tried."""

    def __init__(self) -> None:
        self.connection = Redis(host="127.0.0.1", port=1)
        self.now = 0.0
        self.tried = 0
        self.line = RedisLine(self.connection, lambda: self.now)
        send = self.connection.execute_command

        def counted(*arguments: object, **options: object) -> object:
            self.tried += 1
            return send(*arguments, **options)

        self.connection.execute_command = counted  # type: ignore[method-assign]


@pytest.fixture
def away() -> Iterator[Unanswering]:
    made = Unanswering()
    yield made
    made.connection.close()


def test_what_is_away_is_left_alone_for_a_moment(away: Unanswering) -> None:
    counters, buckets = RedisCounters(away.line, "things", KEPT_S), RedisBuckets(away.line)
    attempts: list[Callable[[], object]] = [
        lambda: counters.take("a", 1, None, nothing),
        lambda: counters.shift("a", 1),
        lambda: counters.read(["a"]),
        lambda: buckets.draw("a", 1, 1),
    ]
    for attempt in attempts:
        with pytest.raises(QueueAway):
            attempt()
    assert away.tried == 1
    away.now = REST_S
    with pytest.raises(QueueAway):
        attempts[0]()
    assert away.tried == 2


def test_what_hangs_is_waited_for_once_and_briefly() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Redis(port=silent.getsockname()[1], socket_timeout=0.2) as connection,
    ):
        counters = RedisCounters(RedisLine(connection, lambda: 0.0), "things", KEPT_S)
        began = time.monotonic()
        for _ in range(100):
            with pytest.raises(QueueAway):
                counters.take("a", 1, None, nothing)
        assert time.monotonic() - began < 100 * 0.2
