"""The catalogue of a tenant: uploading, reading, listing and deleting products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from lookalike.catalog import change
from lookalike.catalog.change import Change, Upload, Verdict
from lookalike.catalog.face import Face
from lookalike.catalog.product import EmbeddingStatus, Product, product_id
from lookalike.errors import IndexAway, NotFound, QueueAway
from lookalike.index.protocol import Listing, Page, ProductIndex, Write
from lookalike.jobs.protocol import OwedQueue, Ticker
from lookalike.jobs.record import Fate, Job, JobKind, JobStore, Tally

log = structlog.get_logger(__name__)

_ROUNDS = 5
"""How often an upload is decided anew when another writer keeps coming first."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One stored item of an upload: the product as it is now, what happened to it, and whether
    what its vectors are to be made from is another than before."""

    product: Product
    verdict: Verdict
    wants_anew: bool


class Catalog:
    """What both APIs do with products. `model` is the digest of the serving model's pack."""

    def __init__(
        self,
        *,
        index: ProductIndex,
        queue: OwedQueue,
        ticker: Ticker,
        jobs: JobStore,
        model: str,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._index = index
        self._queue = queue
        self._ticker = ticker
        self._jobs = jobs
        self._model = model
        self._now = now

    def upload(self, tenant: str, face: Face, upload: Upload) -> Uploaded:
        """Creates or updates one product.

        What it owes is queued afterwards; should Redis be away, the sweeper finds it later. Raises
        `IndexAway`.
        """
        result = self._store(tenant, face, [upload])[0]
        try:
            self._supersede(tenant, [result])
            self._queue_up(tenant, [result])
        except QueueAway:
            log.warning("queue_away", left_to_the_sweeper=result.product.id)
        return result

    def upload_batch(
        self, tenant: str, face: Face, uploads: Sequence[Upload], refused: Sequence[str]
    ) -> tuple[str, list[Uploaded]]:
        """Creates or updates each product under a job, whose id it gives with one result an item,
        in order. Keys are distinct; `refused` are the lines of the items that were no products.

        Raises `QueueAway` (a job needs Redis) and `IndexAway`; what was written before stays
        written, so repeating is safe.
        """
        job = self._jobs.open(tenant, JobKind.BATCH)
        ids = {product_id(tenant, upload.key) for upload in uploads}
        self._jobs.expect(job, tenant, ids)
        results = self._store(tenant, face, uploads)
        owing = {each.product.id for each in results if _is_queued(each.product)}
        self._jobs.drop(job, tenant, ids - owing)
        self._supersede(tenant, results, but=job)
        verdicts = Counter(each.verdict for each in results)
        tally = Tally(**{verdict.value: verdicts[verdict] for verdict in Verdict})
        self._jobs.close(job, replace(tally, failed=len(refused)), refused)
        self._queue_up(tenant, results)
        return job, results

    def _store(self, tenant: str, face: Face, uploads: Sequence[Upload]) -> list[Uploaded]:
        """Writes each upload, deciding anew where another writer came first."""
        results: dict[str, Uploaded] = {}
        pending = list(uploads)
        for _ in range(_ROUNDS):
            pending = self._write_round(tenant, face, pending, results)
            if not pending:
                break
        else:
            raise IndexAway("Others keep changing the same products. Send the request again.")
        return [results[upload.key] for upload in uploads]

    def _write_round(
        self, tenant: str, face: Face, uploads: list[Upload], results: dict[str, Uploaded]
    ) -> list[Upload]:
        """Decides and writes each upload once; gives those that met another writer's change."""
        stored = self._index.get(tenant, [product_id(tenant, each.key) for each in uploads])
        tried: list[Upload] = []
        writes: list[Write] = []
        for upload in uploads:
            before = stored.get(product_id(tenant, upload.key))
            known = before.product if before else None
            after = self._decide(tenant, upload, face, known)
            results[upload.key] = Uploaded(
                after.product,
                change.verdict(known, after.product),
                known is not None and change.wants_anew(known, after.product),
            )
            if after.product != known:
                tried.append(upload)
                revision = before.revision if before else None
                writes.append(Write(after.product, revision, after.vectors))
        written = self._index.write(tenant, writes)
        return [upload for upload, done in zip(tried, written, strict=True) if not done]

    def _decide(self, tenant: str, upload: Upload, face: Face, known: Product | None) -> Change:
        if known is None:
            return change.create(tenant, upload, face, self._model, self._now())
        return change.update(known, upload, face, self._model, self._now())

    def _queue_up(self, tenant: str, results: Sequence[Uploaded]) -> None:
        if ids := [each.product.id for each in results if _is_queued(each.product)]:
            self._queue.add(tenant, ids)
            self._ticker.top_up(len(ids))

    def _supersede(self, tenant: str, results: Sequence[Uploaded], but: str | None = None) -> None:
        """Earlier jobs do not wait for products that are to be made from something else now."""
        changed = [each.product.id for each in results if each.wants_anew]
        self._jobs.settle(tenant, dict.fromkeys(changed, (Fate.SUPERSEDED, None)), but)

    def get(self, tenant: str, id: str) -> Product:
        """One product. Raises `NotFound`."""
        stored = self._index.get(tenant, [id]).get(id)
        if stored is None:
            raise NotFound("There is no product with this id.")
        return stored.product

    def page(self, tenant: str, listing: Listing) -> Page:
        """One page of the tenant's products."""
        return self._index.page(tenant, listing)

    def delete(self, tenant: str, ids: Sequence[str]) -> set[str]:
        """Removes products for good; gives the ids that were there."""
        gone = self._index.delete(tenant, ids)
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


def _is_queued(product: Product) -> bool:
    return product.is_active and bool(product.owed)
