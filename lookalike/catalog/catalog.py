"""The catalogue of a tenant: uploading, reading, listing and deleting products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from lookalike.catalog import change
from lookalike.catalog.change import Change, Upload, Verdict
from lookalike.catalog.face import Face
from lookalike.catalog.product import EmbeddingStatus, Product, product_id
from lookalike.errors import IndexAway, NotFound, QueueAway
from lookalike.index.protocol import Listing, Page, ProductIndex, Write
from lookalike.jobs.protocol import OwedQueue, Ticker

log = structlog.get_logger(__name__)

_ROUNDS = 5
"""How often an upload is decided anew when another writer keeps coming first."""


def _now() -> datetime:
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
        index: ProductIndex,
        queue: OwedQueue,
        ticker: Ticker,
        model: str,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._index = index
        self._queue = queue
        self._ticker = ticker
        self._model = model
        self._now = now

    def upload(self, tenant: str, face: Face, uploads: Sequence[Upload]) -> list[Uploaded]:
        """Creates or updates each product, one result an item, in order. Keys are distinct.

        What the products owe is queued afterwards; should the queue be away, the sweeper finds it.
        Raises `IndexAway`; items written before stay written, so repeating is safe.
        """
        results: dict[str, Uploaded] = {}
        pending = list(uploads)
        for _ in range(_ROUNDS):
            pending = self._write_round(tenant, face, pending, results)
            if not pending:
                break
        else:
            raise IndexAway("Others keep changing the same products. Send the request again.")
        owing = [each.product for each in results.values() if each.product.owed]
        self._queue_up(tenant, [each.id for each in owing if each.is_active])
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
            results[upload.key] = Uploaded(after.product, change.verdict(known, after.product))
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

    def _queue_up(self, tenant: str, ids: list[str]) -> None:
        if not ids:
            return
        try:
            self._queue.add(tenant, ids)
            self._ticker.top_up(len(ids))
        except QueueAway:
            log.warning("queue_away", left_to_the_sweeper=len(ids))

    def get(self, tenant: str, id: str) -> Product:
        """One product. Raises `NotFound`."""
        stored = self._index.get(tenant, [id]).get(id)
        if stored is None:
            raise NotFound("There is no product with this id.")
        return stored.product

    def page(self, tenant: str, listing: Listing) -> Page:
        """One page of the tenant's products."""
        return self._index.page(tenant, listing)

    def delete(self, tenant: str, id: str) -> None:
        """Removes a product for good. Raises `NotFound`."""
        if not self._index.delete(tenant, [id]):
            raise NotFound("There is no product with this id.")
        try:
            self._queue.forget(tenant, [id])
        except QueueAway:
            log.info("queue_away", deleted=id)

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
