"""The pipeline that turns pending into completed: claim, fetch, decode, embed, write, settle.

One run takes one claim. Killed at any moment it loses nothing: what it had not settled is claimed
again when its leases run out, and what was already written owes nothing any more."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from lookalike.catalog import change
from lookalike.catalog.change import Outcome
from lookalike.catalog.product import Failure, Part, PartState, Product
from lookalike.embedding.making import Looking, VectorMaker
from lookalike.embedding.work import Work, by_tenant
from lookalike.errors import QueueAway
from lookalike.index.protocol import ProductIndex, Write
from lookalike.jobs.protocol import Claim, Claimed, OwedQueue, Ticker
from lookalike.jobs.record import Followers, fate
from lookalike.telemetry import metrics, tracing

log = structlog.get_logger(__name__)

CLAIM_SIZE = 50
CLAIMS_AT_ONCE = 2
"""Worked off side by side: the model looks at the pictures of one while those of the other are
fetched, and while what was made of it is written."""

CLAIMS_A_RUN = 8
"""After so many a tick is over, so that others have their turn at the worker."""

OUR_FAULT_REST_S = 15.0

_ENDED_WORKERS = Failure(
    "Making this product's vectors ended the worker three times, so it is not tried again. "
    "Replace its picture, or upload the product once more to retry.",
    reason="ended_workers",
)


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Tally:
    """What one run did, for the job's record."""

    claimed: int = 0
    written: int = 0
    retried: int = 0
    released: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.claimed + other.claimed,
            self.written + other.written,
            self.retried + other.retried,
            self.released + other.released,
        )


@dataclass(slots=True)
class _Round:
    """A claim on its way. `looking`: its pictures, once they are being fetched."""

    claim: Claim
    works: list[Work]
    looking: Looking | None = None

    @property
    def is_suspect(self) -> bool:
        """Whether it may be a product that ended a worker twice, which comes alone; then no other
        must suffer from it."""
        return len(self.claim.items) == 1


@dataclass(slots=True)
class Pipeline:
    """Embeds owed products. One a worker process; `run` is called by one thread at a time."""

    index: ProductIndex
    queue: OwedQueue
    ticker: Ticker
    jobs: Followers
    maker: VectorMaker
    renew_every_s: float
    recheck_after: timedelta | None = None
    now: Callable[[], datetime] = utc_now
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> Tally:
        """Claims owed products, up to 50 at a time, and brings each as far as it can be brought.

        Raises `IndexAway` or `ModelAway` when a server behind is away: the products are given back
        and stay pending.
        """
        tally = Tally()
        working = ThreadPoolExecutor(CLAIMS_AT_ONCE, thread_name_prefix="claim")
        with ExitStack() as holding, working:
            under_way: deque[Future[Tally]] = deque()
            for number in range(CLAIMS_A_RUN):
                if number and self._stopping.is_set():
                    break
                if len(under_way) == CLAIMS_AT_ONCE:
                    tally += under_way.popleft().result()
                begun = self._take(holding)
                if begun is None:
                    break
                if begun.is_suspect:  # it may end the process, and no other with it
                    wait(under_way)
                under_way.append(working.submit(self._work_off, begun))
                if begun.is_suspect:
                    break
            tally = sum((each.result() for each in under_way), tally)
        self._wake_successor()
        return tally

    def stop(self) -> None:
        """Takes no more claims than it has: the process is to end. Safe in a signal's handler."""
        self._stopping.set()

    def _take(self, holding: ExitStack) -> _Round | None:
        """The next claim, its pictures on their way already, unless it is one that perhaps ends the
        process: that begins when no other is under way. None: nothing is due."""
        claim = self.queue.claim(CLAIM_SIZE)
        if not claim.items:
            return None
        holding.enter_context(self._holding(claim))
        begun = _Round(claim, self._read(claim))
        if not begun.is_suspect:
            begun.looking = self.maker.look(begun.works, self.now())
        return begun

    def fail(self, claim: Claim) -> None:
        """Fails products that ended their worker three times. For the sweeper."""
        works = self._read(claim)
        for work in works:
            work.outcome.failed = dict.fromkeys(work.product.owed, _ENDED_WORKERS)
        self._write(works)
        self._settle(claim, claim.items)
        _count(works)

    @contextmanager
    def _holding(self, claim: Claim) -> Iterator[None]:
        """Renews the claim's leases in the background; gives them back if the work fails."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self.renew_every_s):
                try:
                    self.queue.renew(claim)
                except QueueAway:
                    log.warning("lease_not_renewed", products=len(claim.items))

        thread = threading.Thread(target=renew, name="renew", daemon=True)
        thread.start()
        try:
            yield
        except Exception:
            with suppress(QueueAway):  # the leases run out by themselves
                self.queue.release(claim, claim.items, OUR_FAULT_REST_S)
            raise
        finally:
            done.set()
            thread.join()

    def _work_off(self, begun: _Round) -> Tally:
        origins = [item.origin for item in begun.claim.items]
        with tracing.span("work off a claim"), tracing.going_on(origins, "embed products"):
            return self._work_off_traced(begun)

    def _work_off_traced(self, begun: _Round) -> Tally:
        claim, works = begun.claim, begun.works
        if begun.looking is None:
            begun.looking = self.maker.look(works, self.now())
        with tracing.span("embed texts"):
            self.maker.of_texts(works)  # while the first pictures are on their way
        with tracing.span("fetch and embed pictures"):
            self.maker.of_pictures(begun.looking, self.now())
        with tracing.span("write products"):
            written = self._write(works)
        retried = [(work.claimed, work.rest_s) for work in works if work.rest_s is not None]
        released = [work.claimed for work in works if work.our_fault]
        held_back = {item for item, _ in retried} | set(released)
        self._settle(claim, [item for item in claim.items if item not in held_back])
        self.queue.retry(claim, retried)
        self.queue.release(claim, released, OUR_FAULT_REST_S)
        _count(works)
        return Tally(len(claim.items), written, len(retried), len(released))

    def _read(self, claim: Claim) -> list[Work]:
        """The claimed products that are there, active, and have something to be done."""
        groups = by_tenant(claim.items)
        stored = {
            (tenant, id): each.product
            for tenant, items in groups.items()
            for id, each in self.index.get(tenant, [item.id for item in items]).items()
        }
        found = ((item, stored.get((item.tenant, item.id))) for item in claim.items)
        return [
            Work(item, Outcome(product), self._is_looked_at(product))
            for item, product in found
            if product is not None
            and product.is_active
            and (product.owed or self._is_looked_at(product))
        ]

    def _is_looked_at(self, product: Product) -> bool:
        """Whether its picture is owed, or it is time to see if another one is behind the URL."""
        if self.recheck_after is None or product.image is not PartState.DONE:
            return Part.IMAGE in product.owed
        before = product.picture
        return before is None or before.checked_at <= self.now() - self.recheck_after

    def _write(self, works: Sequence[Work]) -> int:
        groups = by_tenant(works)
        return sum(self._write_tenant(tenant, group) for tenant, group in groups.items())

    def _write_tenant(self, tenant: str, works: Sequence[Work]) -> int:
        """Writes what was made. What changed meanwhile is read again, not embedded again."""
        written = 0
        pending = {work.product.id: work for work in works}
        while pending:
            stored = self.index.get(tenant, list(pending))
            settled = [
                (each, change.settle(each.product, pending[id].outcome))
                for id, each in stored.items()
            ]
            writes = [
                Write(after.product, each.revision, after.vectors)
                for each, after in settled
                if after is not None
            ]
            done = self.index.write(tenant, writes)
            lost = [write.product.id for write, ok in zip(writes, done, strict=True) if not ok]
            pending = {id: pending[id] for id in lost}
            written += sum(done)
        return written

    def _settle(self, claim: Claim, items: Sequence[Claimed]) -> None:
        """Ends the leases, after the jobs that wait have heard how each product stands."""
        for tenant, group in by_tenant(items).items():
            ids = [item.id for item in group]
            stored = self.index.get(tenant, ids)
            fates = {id: fate(stored[id].product if id in stored else None) for id in ids}
            self.jobs.settle(tenant, {id: found for id, found in fates.items() if found})
        self.queue.settle(claim, items)

    def _wake_successor(self) -> None:
        if due := self.queue.depth().due:
            self.ticker.top_up(due)

    def close(self) -> None:
        """Ends the threads."""
        self.maker.close()


def _count(works: Sequence[Work]) -> None:
    for work in works:
        metrics.PRODUCTS_WORKED_OFF.labels(work.fate).inc()
