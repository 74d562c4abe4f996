"""Writing decisions: every change of products goes through here, so that no writer overwrites
another, and what follows from a change is done once and alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from lookalike.accounts.quota import Quota
from lookalike.catalog.change import Change, content_changed
from lookalike.catalog.product import Product
from lookalike.errors import IndexAway
from lookalike.index.protocol import ProductIndex, Write
from lookalike.jobs.protocol import OwedQueue, Ticker
from lookalike.jobs.record import Fate, JobStore, fate
from lookalike.telemetry import tracing

_ROUNDS = 5
"""How often a change is decided anew when another writer keeps coming first."""

Decide = Callable[[Product | None], Change | None]
"""What a product shall be, by what it is (None: it is not there). None: leave it alone. It is asked
again where another writer came first."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A product before and after a decision."""

    before: Product | None
    after: Product

    @property
    def is_queued(self) -> bool:
        """Whether a worker has something to do for it."""
        return self.after.is_active and bool(self.after.owed)

    @property
    def is_superseding(self) -> bool:
        """Whether earlier jobs wait in vain: for another content, or for an inactive product."""
        if self.before is None:
            return False
        deactivated = self.before.is_active and not self.after.is_active
        return deactivated or content_changed(self.before, self.after)


class Writer:
    """Writes what callers decide about products, and tells the queue and the jobs."""

    def __init__(
        self,
        *,
        index: ProductIndex,
        queue: OwedQueue,
        ticker: Ticker,
        jobs: JobStore,
        quota: Quota,
    ) -> None:
        self._index = index
        self._queue = queue
        self._ticker = ticker
        self._jobs = jobs
        self._quota = quota

    def apply(
        self, tenant: str, decisions: Mapping[str, Decide], limit: int | None = None
    ) -> dict[str, Applied]:
        """Decides about each product (by id) and writes it if it changes.

        Those left alone are not in the answer, nor new ones beyond the `limit` of the tenant's
        products. Raises `IndexAway`, and what a decision raises.
        """
        applied: dict[str, Applied] = {}
        pending = decisions
        for _ in range(_ROUNDS):
            pending = self._round(tenant, pending, applied, limit)
            if not pending:
                return applied
        raise IndexAway("Others keep changing the same products. Send the request again.")

    def _round(
        self,
        tenant: str,
        decisions: Mapping[str, Decide],
        applied: dict[str, Applied],
        limit: int | None,
    ) -> dict[str, Decide]:
        """Decides and writes each once; gives those that met another writer's change."""
        stored = self._index.get(tenant, list(decisions))
        writes: list[Write] = []
        for id, decide in decisions.items():
            read = stored.get(id)
            before = read.product if read else None
            change = decide(before)
            if change is None:
                continue
            applied[id] = Applied(before, change.product)
            if change.product != before:
                revision = read.revision if read else None
                writes.append(Write(change.product, revision, change.vectors))
        writes, refused = self._within(tenant, writes, limit)
        for write in refused:
            del applied[write.product.id]
        written = self._write(tenant, writes)
        lost = [each for each, done in zip(writes, written, strict=True) if not done]
        for write in lost:
            del applied[write.product.id]
        self._give_back(tenant, lost)
        return {write.product.id: decisions[write.product.id] for write in lost}

    def _write(self, tenant: str, writes: list[Write]) -> list[bool]:
        try:
            return self._index.write(tenant, writes)
        except IndexAway:
            # Whoever sends it again shall not be refused for what is not there. What was written
            # all the same is found out each minute.
            self._give_back(tenant, writes)
            raise

    def _give_back(self, tenant: str, unwritten: list[Write]) -> None:
        self._quota.give_back(tenant, sum(write.read is None for write in unwritten))

    def _within(
        self, tenant: str, writes: list[Write], limit: int | None
    ) -> tuple[list[Write], list[Write]]:
        """What the tenant may have, and the last of the new products, which he may not."""
        known = [write for write in writes if write.read is not None]
        new = [write for write in writes if write.read is None]
        granted = self._quota.take(tenant, len(new), limit) if new else 0
        return known + new[:granted], new[granted:]

    def apply_under(
        self, job: str, tenant: str, decisions: Mapping[str, Decide], limit: int | None = None
    ) -> dict[str, Applied]:
        """Applies the decisions under a job, which waits for what they leave owed.

        It waits from before the write, since a worker may be that fast. What a worker settled in
        between was perhaps older content, so it is looked at once more. Raises `IndexAway` and
        `QueueAway`; repeating is safe.
        """
        self._jobs.expect(job, tenant, decisions)
        applied = self.apply(tenant, decisions, limit)
        owed = [id for id, each in applied.items() if each.is_queued]
        self._jobs.drop(job, tenant, decisions.keys() - set(owed))
        self.await_owed(job, tenant, owed)
        self.follow(tenant, applied.values(), but=job)
        return applied

    def await_owed(self, job: str, tenant: str, ids: Collection[str]) -> None:
        """The job waits for these, save those that by now owe nothing."""
        if again := self._jobs.expect(job, tenant, ids):
            stored = self._index.get(tenant, list(again))
            fates = {id: fate(stored[id].product if id in stored else None) for id in again}
            self._jobs.settle(tenant, {id: found for id, found in fates.items() if found})

    def follow(self, tenant: str, applied: Iterable[Applied], but: str | None = None) -> None:
        """What follows from changes that are written: earlier jobs do not wait in vain (`but` is
        not one of them), and workers hear what is owed. Raises `QueueAway`; then the sweeper finds
        it all."""
        changes = list(applied)
        superseded = [each.after.id for each in changes if each.is_superseding]
        self._jobs.settle(tenant, dict.fromkeys(superseded, (Fate.SUPERSEDED, None)), but)
        self._queue.forget(tenant, [each.after.id for each in changes if not each.after.is_active])
        owed = [each for each in changes if each.is_queued]
        # What did not change keeps its tries and its place: sending it again is no new start.
        self._queue.restore((tenant, each.after.id) for each in owed if each.after == each.before)
        new = [each.after.id for each in owed if each.after != each.before]
        self._queue.add(tenant, new, tracing.here())
        if owed:
            self._ticker.top_up(len(owed))
