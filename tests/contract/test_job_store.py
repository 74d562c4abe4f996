"""What every job store does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from lookalike.jobs.record import MOST_ERRORS, NEWEST, Fate, Job, JobKind, JobStatus, Tally
from lookalike.jobs.redis_jobs import RedisJobStore

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


def test_counts_are_exact_when_many_settle_the_same_at_once(store: RedisJobStore) -> None:
    ids = [str(number) for number in range(200)]
    job = opened(store, *ids)

    def settle(start: int) -> None:
        for number in range(200):
            store.settle(ANNA, {ids[(start + number) % 200]: EMBEDDED})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(settle, range(0, 200, 25)))
    assert (read(store, job).embedded, read(store, job).status) == (200, JobStatus.COMPLETE)
