"""Where vectors are made of what products owe: pictures are fetched by many threads, and the model
is called with batches of them as they come."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import structlog

from lookalike.catalog.product import Part
from lookalike.catalog.text import enriched_text
from lookalike.embedding.pictures import Look, Picture, PictureReader
from lookalike.embedding.protocol import Embedder
from lookalike.embedding.work import Work
from lookalike.errors import PictureError

log = structlog.get_logger(__name__)

FETCHES_AT_ONCE = 16

BATCH_SIZE = 16
"""Pictures a call of the model. Small enough that fetching the rest goes on meanwhile."""

CALLS_AT_ONCE = 3
"""Of the model: each instance of a model server's two computes one while the next is on its way."""

Looking = dict[Future[Look], Work]
"""The pictures that are being fetched, and whose they are."""


@dataclass(slots=True)
class VectorMaker:
    """Makes the vectors that products owe, for one model. Thread-safe."""

    embedder: Embedder
    pictures: PictureReader
    _fetches: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(FETCHES_AT_ONCE, thread_name_prefix="fetch")
    )
    _calls: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="embed")
    )

    def look(self, works: Sequence[Work], now: datetime) -> Looking:
        """Sets threads to fetch and decode the pictures of those that are to be looked at."""
        return {self._look(work, now): work for work in works if work.is_looked_at}

    def _look(self, work: Work, now: datetime) -> Future[Look]:
        product = work.product
        # Who owes the picture's vector is to have it, even of the picture that was seen before.
        before = None if Part.IMAGE in product.owed else product.picture
        url = product.facts.image_url or ""
        return self._fetches.submit(self.pictures.look, url, before, now)

    def of_texts(self, works: Sequence[Work]) -> None:
        """Embeds the texts that are owed. Raises `ModelAway`."""
        owing = [work for work in works if Part.TEXT in work.product.owed]
        texts = [enriched_text(work.product.facts) for work in owing]
        for work, vector in zip(owing, self.embedder.texts(texts), strict=True):
            work.outcome.made[Part.TEXT] = vector

    def of_pictures(self, looking: Looking, now: datetime) -> None:
        """Embeds each batch of pictures as soon as it is full, while others are still fetched.
        Raises `ModelAway`, once nobody works on any of them any more."""
        batch: list[tuple[Work, Picture]] = []
        calls: list[Future[None]] = []
        for future in as_completed(looking):
            if (picture := _seen(looking[future], future, now)) is not None:
                batch.append((looking[future], picture))
            if len(batch) == BATCH_SIZE:
                calls.append(self._calls.submit(self._embed, batch))
                batch = []
        calls.append(self._calls.submit(self._embed, batch))
        wait(calls)
        for call in calls:
            call.result()

    def _embed(self, batch: Sequence[tuple[Work, Picture]]) -> None:
        if batch:
            vectors = self.embedder.images(np.stack([picture for _, picture in batch]))
            for (work, _), vector in zip(batch, vectors, strict=True):
                work.outcome.made[Part.IMAGE] = vector

    def close(self) -> None:
        """Ends the threads."""
        self._fetches.shutdown()
        self._calls.shutdown()


def _seen(work: Work, looked: Future[Look], now: datetime) -> Picture | None:
    """The picture, if there is one to be embedded; the work knows what else was found."""
    try:
        look = looked.result()
    except PictureError as error:
        work.without_picture(error, now)
    except Exception:
        # A fault of ours, and one product's: it must not take the others with it.
        log.exception("picture_not_read", tenant=work.tenant, product=work.product.id)
        work.our_fault = True
    else:
        work.outcome.picture = look.seen
        return look.picture
    return None
