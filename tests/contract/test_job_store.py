"""What every job store does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from redis import Redis

from lookalike.errors import QueueAway
from lookalike.index.protocol import Position
from lookalike.jobs.record import (
    MOST_ERRORS,
    NEWEST,
    Fate,
    Job,
    JobKind,
    JobStatus,
    Marking,
    Tally,
)
from lookalike.jobs.redis_jobs import LEFT_BEHIND_MS, RedisJobStore

ANNA, BORIS = "7f2c1a34-0c55-4b0e-9a5e-111111111111", "7f2c1a34-0c55-4b0e-9a5e-222222222222"
EMBEDDED, SUPERSEDED = (Fate.EMBEDDED, None), (Fate.SUPERSEDED, None)


@pytest.fixture
def store(redis_client: Redis) -> RedisJobStore:
    return RedisJobStore(redis_client)


def opened(store: RedisJobStore, *ids: str) -> str:
    """A closed job of Anna's that waits for these products."""
    job = store.open(ANNA, JobKind.BATCH)
    store.expect(job, ANNA, ids)
    store.close(job, Tally(created=len(ids)), [])
    return job


def read(store: RedisJobStore, job: str) -> Job:
    found = store.get(ANNA, job)
    assert found is not None
    return found


def test_a_job_goes_from_pending_over_embedding_to_complete(store: RedisJobStore) -> None:
    job = store.open(ANNA, JobKind.BATCH)
    store.expect(job, ANNA, ["a", "b", "c"])
    assert read(store, job).status is JobStatus.PENDING
    store.drop(job, ANNA, ["c"])
    store.close(job, Tally(created=1, updated=1, unchanged=1, failed=2), ["d: no title"])
    assert (read(store, job).status, read(store, job).to_embed) == (JobStatus.EMBEDDING, 2)
    store.settle(ANNA, {"a": EMBEDDED})
    assert (read(store, job).embedded, read(store, job).completed_at) == (1, None)
    store.settle(ANNA, {"b": (Fate.FAILED, "b: 404")})
    done = read(store, job)
    assert done.status is JobStatus.COMPLETE
    assert done.completed_at is not None
    assert (done.embedded, done.embedding_failed, done.superseded, done.to_embed) == (1, 1, 0, 2)
    assert done.tally.total == 5
    assert done.errors == ["d: no title", "b: 404"]


def test_what_is_settled_twice_counts_once(store: RedisJobStore) -> None:
    job = opened(store, "a", "b")
    for _ in range(3):
        store.settle(ANNA, {"a": EMBEDDED})
    store.settle(ANNA, {"a": SUPERSEDED})
    assert (read(store, job).embedded, read(store, job).superseded) == (1, 0)


def test_a_product_settles_in_every_job_that_waits_for_it_save_the_one_left_out(
    store: RedisJobStore,
) -> None:
    earlier, later = opened(store, "a"), opened(store, "a")
    store.settle(ANNA, {"a": SUPERSEDED}, but=later)
    assert read(store, earlier).status is JobStatus.COMPLETE
    assert read(store, later).waiting == 1
    store.settle(ANNA, {"a": EMBEDDED})
    assert (read(store, earlier).superseded, read(store, later).embedded) == (1, 1)


def test_a_worker_faster_than_the_upload_does_not_end_the_job_early(store: RedisJobStore) -> None:
    job = store.open(ANNA, JobKind.BATCH)
    store.expect(job, ANNA, ["a"])
    store.settle(ANNA, {"a": EMBEDDED})
    assert read(store, job).status is JobStatus.PENDING
    store.close(job, Tally(created=1), [])
    assert read(store, job).status is JobStatus.COMPLETE


def test_a_job_that_waits_for_nothing_is_complete_at_once(store: RedisJobStore) -> None:
    assert read(store, opened(store)).status is JobStatus.COMPLETE


def test_another_tenant_sees_nothing(store: RedisJobStore) -> None:
    job = opened(store, "a")
    assert store.get(BORIS, job) is None
    assert store.newest(BORIS) == []
    store.settle(BORIS, {"a": EMBEDDED})
    assert read(store, job).waiting == 1


def test_the_newest_are_listed_first_and_only_so_many(store: RedisJobStore) -> None:
    jobs = [opened(store) for _ in range(NEWEST + 3)]
    listed = [job.id for job in store.newest(ANNA)]
    assert len(listed) == NEWEST
    assert set(listed) <= set(jobs)
    assert jobs[0] not in listed


def test_errors_are_kept_up_to_a_number_and_then_counted(store: RedisJobStore) -> None:
    job = store.open(ANNA, JobKind.UPLOAD)
    store.close(job, Tally(failed=MOST_ERRORS + 7), ["bad"] * (MOST_ERRORS + 7))
    assert (len(read(store, job).errors), read(store, job).more_errors) == (MOST_ERRORS, 7)


def test_waiting_tells_what_jobs_wait_for(store: RedisJobStore) -> None:
    opened(store, "a", "b")
    opened(store, "b", "c")
    store.settle(ANNA, {"a": EMBEDDED})
    assert store.waiting() == {ANNA: {"b", "c"}}


def test_a_job_whose_upload_is_not_over_waits_for_nothing_yet(store: RedisJobStore) -> None:
    job = store.open(ANNA, JobKind.BATCH)
    store.expect(job, ANNA, ["a"])
    assert store.waiting() == {}
    store.close(job, Tally(created=1), [])
    assert store.waiting() == {ANNA: {"a"}}


def test_a_job_goes_24_hours_after_its_last_change(
    store: RedisJobStore, redis_client: Redis
) -> None:
    job = opened(store, "a")
    day = 24 * 3600
    keys = {key.decode() for key in redis_client.scan_iter("lookalike:job:*")}
    assert {f"lookalike:job:{job}", f"lookalike:job:{job}:waiting"} <= keys
    for key in keys - {"lookalike:job:open"}:
        longest = 7 * day if key.startswith("lookalike:job:of:") else day
        assert longest - 60 < redis_client.ttl(key) <= longest


def test_as_long_as_a_job_lives_it_is_listed_and_runs_alone(
    store: RedisJobStore, redis_client: Redis
) -> None:
    job, _ = store.open_alone(ANNA, JobKind.REINDEX, Tally())
    store.expect(job, ANNA, ["a", "b"])
    store.close(job, None)
    for key in redis_client.scan_iter("lookalike:job:*"):
        redis_client.expire(key, 60)  # nearly a day later
    store.settle(ANNA, {"a": EMBEDDED})
    for key in (f"list:{ANNA}", f"alone:{ANNA}|{JobKind.REINDEX}", job):
        assert redis_client.ttl(f"lookalike:job:{key}") > 60


def test_what_left_a_job_and_is_dropped_does_not_count(store: RedisJobStore) -> None:
    job = store.open(ANNA, JobKind.UPLOAD)
    store.expect(job, ANNA, ["a", "b"])
    store.settle(ANNA, {"a": SUPERSEDED})  # deleted before the upload came to it
    store.drop(job, ANNA, ["a"])
    store.close(job, Tally(created=1, unchanged=1))
    assert (read(store, job).to_embed, read(store, job).superseded) == (1, 0)


def test_counts_are_exact_when_many_settle_the_same_at_once(store: RedisJobStore) -> None:
    ids = [str(number) for number in range(200)]
    job = opened(store, *ids)

    def settle(start: int) -> None:
        for number in range(200):
            store.settle(ANNA, {ids[(start + number) % 200]: EMBEDDED})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(settle, range(0, 200, 25)))
    assert (read(store, job).embedded, read(store, job).status) == (200, JobStatus.COMPLETE)


def test_a_job_is_complete_only_after_searches_see_all_of_it(redis_client: Redis) -> None:
    seen: list[JobStatus] = []
    store = RedisJobStore(redis_client, lambda: seen.append(read(store, job).status))
    job = store.open(ANNA, JobKind.UPLOAD)
    store.expect(job, ANNA, ["a", "b"])
    store.drop(job, ANNA, ["b"])
    store.close(job, Tally(created=2))
    assert seen == []
    store.settle(ANNA, {"a": EMBEDDED})
    assert seen == [JobStatus.EMBEDDING]
    assert read(store, job).status is JobStatus.COMPLETE


def test_a_job_that_nobody_finished_is_finished_by_the_sweeper(redis_client: Redis) -> None:
    def cut_off() -> None:
        raise QueueAway("The process ended here.")

    ending = RedisJobStore(redis_client, cut_off)
    job = ending.open(ANNA, JobKind.UPLOAD)
    ending.expect(job, ANNA, ["a"])
    ending.close(job, Tally(created=1))
    with pytest.raises(QueueAway):
        ending.settle(ANNA, {"a": EMBEDDED})
    store = RedisJobStore(redis_client)
    assert read(store, job).status is JobStatus.EMBEDDING
    store.waiting()
    assert read(store, job).status is JobStatus.COMPLETE


def test_what_left_a_job_before_it_was_closed_can_be_awaited_again(store: RedisJobStore) -> None:
    job = store.open(ANNA, JobKind.UPLOAD)
    assert store.expect(job, ANNA, ["a", "b"]) == set()
    store.settle(ANNA, {"a": EMBEDDED})
    assert store.expect(job, ANNA, ["a", "b"]) == {"a"}
    store.close(job, Tally(created=2))
    assert (read(store, job).to_embed, read(store, job).embedded) == (2, 0)
    store.settle(ANNA, {"a": SUPERSEDED, "b": EMBEDDED})
    done = read(store, job)
    assert (done.to_embed, done.embedded, done.superseded) == (2, 1, 1)


def test_a_closed_job_is_not_opened_again(store: RedisJobStore) -> None:
    job = store.open(ANNA, JobKind.REINDEX)
    store.expect(job, ANNA, ["a"])
    store.close(job, Tally(unchanged=1))
    store.settle(ANNA, {"a": EMBEDDED})
    done = read(store, job)
    # Another process marks the same page, a little later.
    assert store.expect(job, ANNA, ["a"]) == set()
    store.mark(job, Position(datetime.now(UTC), "a"))
    store.close(job, None)
    assert read(store, job) == done
    assert (done.status, done.to_embed, done.embedded) == (JobStatus.COMPLETE, 1, 1)


def test_a_lost_job_leaves_nothing_behind(store: RedisJobStore, redis_client: Redis) -> None:
    job = store.open(ANNA, JobKind.UPLOAD)
    redis_client.flushall()
    assert store.expect(job, ANNA, ["a"]) == set()
    store.close(job, Tally(created=1))
    assert redis_client.keys() == []


def test_what_is_no_job_is_none(store: RedisJobStore) -> None:
    job = store.open(ANNA, JobKind.UPLOAD)
    store.expect(job, ANNA, ["a"])
    for name in ("open", f"list:{ANNA}", f"{job}:waiting", f"of:{ANNA}|a", ""):
        assert store.get(ANNA, name) is None


def test_of_a_kind_that_runs_alone_there_is_one_at_a_time(store: RedisJobStore) -> None:
    counted = Tally(unchanged=7)
    first, is_new = store.open_alone(ANNA, JobKind.REINDEX, counted)
    assert is_new
    assert read(store, first).tally == counted
    assert store.open_alone(ANNA, JobKind.REINDEX, counted) == (first, False)
    assert store.open_alone(BORIS, JobKind.REINDEX, counted)[1]
    store.close(first, None)
    assert read(store, first).tally == counted
    assert store.open_alone(ANNA, JobKind.REINDEX, counted)[1]


def test_a_job_that_marks_products_tells_how_far_it_is(store: RedisJobStore) -> None:
    job, _ = store.open_alone(ANNA, JobKind.REINDEX, Tally())
    store.open(ANNA, JobKind.UPLOAD)
    assert store.markings() == [Marking(job, ANNA, None)]
    after = Position(datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC), "some-id")
    store.mark(job, after)
    assert store.markings() == [Marking(job, ANNA, after)]
    store.close(job, None)
    assert store.markings() == []


def test_a_job_that_could_not_be_done_fails_and_says_why(store: RedisJobStore) -> None:
    job = store.open(ANNA, JobKind.UPLOAD)
    store.expect(job, ANNA, ["a"])
    store.fail(job, Tally(created=1), "The index is away.")
    store.settle(ANNA, {"a": EMBEDDED})
    failed = read(store, job)
    assert (failed.status, failed.errors) == (JobStatus.FAILED, ["The index is away."])
    assert (failed.tally.created, failed.embedded) == (1, 1)


def test_lines_beyond_those_that_are_kept_are_counted(store: RedisJobStore) -> None:
    job = store.open(ANNA, JobKind.UPLOAD)
    store.close(job, Tally(failed=1500), [str(n) for n in range(MOST_ERRORS)], 500)
    assert (len(read(store, job).errors), read(store, job).more_errors) == (MOST_ERRORS, 500)


def test_an_upload_that_gives_no_sign_of_life_was_left_behind(
    store: RedisJobStore, redis_client: Redis
) -> None:
    job = store.open(ANNA, JobKind.UPLOAD)
    store.expect(job, ANNA, ["a"])
    assert store.waiting() == {}
    long_ago = int(redis_client.time()[0]) * 1000 - LEFT_BEHIND_MS - 1000
    redis_client.hset(f"lookalike:job:{job}", "touched_ms", str(long_ago))
    assert store.waiting() == {ANNA: {"a"}}
    assert read(store, job).status is JobStatus.FAILED
    assert "Send it again" in read(store, job).errors[0]
