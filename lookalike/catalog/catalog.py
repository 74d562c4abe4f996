"""The catalogue of a tenant: uploading, changing, reading, listing and deleting products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import structlog
from structlog.contextvars import bind_contextvars

from lookalike.accounts.quota import Quota
from lookalike.catalog import change
from lookalike.catalog.change import Change, Patch, Upload, Verdict
from lookalike.catalog.face import Face
from lookalike.catalog.product import EmbeddingStatus, Product, product_id
from lookalike.catalog.writer import Applied, Decide, Writer
from lookalike.errors import NotFound, ProductLimit, QueueAway
from lookalike.index.protocol import Listing, Page, ProductIndex
from lookalike.jobs.protocol import OwedQueue
from lookalike.jobs.record import Fate, Job, JobKind, JobStore, Tally

log = structlog.get_logger(__name__)


Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One stored item of an upload: the product as it is now, and what happened to it."""

    product: Product
    verdict: Verdict


class Catalog:
    """What both APIs do with products. `model` is the digest of the serving model's pack."""

    def __init__(
        self,
        *,
        index: ProductIndex,
        queue: OwedQueue,
        jobs: JobStore,
        writer: Writer,
        quota: Quota,
        model: str,
        now: Clock = utc_now,
    ) -> None:
        self._index = index
        self._queue = queue
        self._jobs = jobs
        self._writer = writer
        self._quota = quota
        self._model = model
        self._now = now

    def upload(self, tenant: str, face: Face, upload: Upload, limit: int | None) -> Uploaded:
        """Creates or updates one product; the tenant may have `limit` of them (None: any number).

        What it owes is queued afterwards; should Redis be away, the sweeper finds it later. Raises
        `ProductLimit` and `IndexAway`.
        """
        id = product_id(tenant, upload.key)
        applied = self._write_one(tenant, id, self.deciding(tenant, face, upload), limit)
        return Uploaded(applied.after, change.verdict(applied.before, applied.after))

    def upload_batch(
        self,
        tenant: str,
        face: Face,
        uploads: Sequence[Upload],
        refused: Sequence[str],
        limit: int | None,
    ) -> tuple[str, list[Uploaded | ProductLimit]]:
        """Creates or updates each product under a job, whose id it gives with one result an item,
        in order. Keys are distinct; `refused` are the lines of the items that were no products.

        Raises `QueueAway` (a job needs Redis) and `IndexAway`; what was written before stays
        written, so repeating is safe.
        """
        job = self._jobs.open(tenant, JobKind.BATCH)
        bind_contextvars(job=job)
        decisions = {
            product_id(tenant, each.key): self.deciding(tenant, face, each) for each in uploads
        }
        applied = self._writer.apply_under(job, tenant, decisions, limit)
        uploaded = {
            id: Uploaded(each.after, change.verdict(each.before, each.after))
            for id, each in applied.items()
        }
        too_many = ProductLimit(limit or 0)
        over_limit = [
            f"{each.key}: {too_many.detail}"
            for each, id in zip(uploads, decisions, strict=True)
            if id not in uploaded
        ]
        lines = [*refused, *over_limit]
        verdicts = Counter(each.verdict for each in uploaded.values())
        tally = Tally(**{verdict.value: verdicts[verdict] for verdict in Verdict})
        self._jobs.close(job, replace(tally, failed=len(lines)), lines)
        return job, [uploaded.get(id, too_many) for id in decisions]

    def deciding(self, tenant: str, face: Face, upload: Upload) -> Decide:
        """What an upload makes of a product, known or not."""

        def decide(known: Product | None) -> Change:
            if known is None:
                return change.create(tenant, upload, face, self._model, self._now())
            return change.update(known, upload, face, self._model, self._now())

        return decide

    def patch(self, tenant: str, id: str, patch: Patch) -> Applied:
        """Changes what the patch names. Raises `NotFound` and `IndexAway`."""
        return self._write_one(tenant, id, partial(self._patched, patch))

    def deactivate(self, tenant: str, id: str) -> None:
        """Takes the product out of every search; it stays readable, and a patch brings it back.
        Raises `NotFound` and `IndexAway`."""
        self._write_one(tenant, id, partial(self._patched, Patch({}, is_active=False)))

    def _patched(self, patch: Patch, known: Product | None) -> Change:
        if known is None:
            raise NotFound("There is no such product.")
        return change.patch(known, patch, self._model, self._now())

    def _write_one(self, tenant: str, id: str, decide: Decide, limit: int | None = None) -> Applied:
        applied = self._writer.apply(tenant, {id: decide}, limit).get(id)
        if applied is None:
            raise ProductLimit(limit or 0)
        try:
            self._writer.follow(tenant, [applied])
        except QueueAway:
            log.warning("queue_away", left_to_the_sweeper=id)
        return applied

    def get(self, tenant: str, id: str) -> Product:
        """One product. Raises `NotFound`."""
        stored = self._index.get(tenant, [id]).get(id)
        if stored is None:
            raise NotFound("There is no such product.")
        return stored.product

    def page(self, tenant: str, listing: Listing) -> Page:
        """One page of the tenant's products."""
        return self._index.page(tenant, listing)

    def delete(self, tenant: str, ids: Sequence[str]) -> set[str]:
        """Removes products for good; gives the ids that were there."""
        gone = self._index.delete(tenant, ids)
        self._quota.give_back(tenant, len(gone))
        try:
            self._queue.forget(tenant, gone)
            self._jobs.settle(tenant, dict.fromkeys(gone, (Fate.SUPERSEDED, None)))
        except QueueAway:
            log.info("queue_away", deleted=len(gone))
        return gone

    def job(self, tenant: str, id: str) -> Job:
        """One job. Raises `NotFound` and `QueueAway`."""
        found = self._jobs.get(tenant, id)
        if found is None:
            raise NotFound("There is no job with this id; jobs go after 24 hours.")
        return found

    def newest_jobs(self, tenant: str) -> list[Job]:
        """The newest jobs, newest first. Raises `QueueAway`."""
        return self._jobs.newest(tenant)

    def statuses(self, tenant: str, products: Sequence[Product]) -> dict[str, EmbeddingStatus]:
        """The status of each product by id: `processing` where a worker has it right now."""
        known = {product.id: product.embedding_status for product in products}
        waiting = [id for id, status in known.items() if status is EmbeddingStatus.PENDING]
        if waiting:
            try:
                leased = self._queue.leased(tenant, waiting)
            except QueueAway:
                leased = set()
            known.update(dict.fromkeys(leased, EmbeddingStatus.PROCESSING))
        return known
