"""The one pixel path: from a URL or from bytes to what the model takes. Uploads and queries go the
same way, so that a picture always finds itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lookalike.catalog.product import PictureSeen
from lookalike.embedding.packs import Pack
from lookalike.embedding.preprocess import decode_at_least, prepare
from lookalike.errors import PictureError, PictureUnusable
from lookalike.pixels.decode import decode
from lookalike.pixels.download import Download, Validators
from lookalike.telemetry import metrics

Picture = NDArray[np.uint8]
"""One picture as the model takes it: [height, width, 3], RGB, 0 to 255."""


class PictureSource(Protocol):
    """Where the bytes behind a URL come from; `pixels/fetch.py` is the guarded downloader."""

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        """The bytes. Raises `PictureUnusable` or `PictureUnreachable`."""
        ...

    def download(self, url: str, known: Validators) -> Download | None:  # noqa: ARG002
        """The picture, or None where it is still the one that is known; a source that cannot tell
        gives it anew. Raises what `fetch` raises."""
        return Download(self.fetch(url))


@dataclass(frozen=True, slots=True)
class Look:
    """What a look behind a URL found: the picture, None where it is the one that was seen before,
    and by what to know it the next time."""

    picture: Picture | None
    seen: PictureSeen


class PictureReader:
    """Reads pictures for one model. Safe to use from several threads."""

    def __init__(self, source: PictureSource, pack: Pack, max_megapixels: int) -> None:
        self._source = source
        self._pack = pack
        self._max_pixels = max_megapixels * 1_000_000

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        """The bytes behind a URL. Raises `PictureUnusable` or `PictureUnreachable`."""
        return self._source.fetch(url, deadline_s)

    def look(self, url: str, before: PictureSeen | None, now: datetime) -> Look:
        """The picture behind a URL, unless it is the one that was seen `before`. Raises
        `PictureUnusable` or `PictureUnreachable`."""
        try:
            with metrics.PICTURE_SECONDS.time():
                look = self._look(url, before, now)
        except PictureError as error:
            metrics.PICTURES.labels(error.reason).inc()
            raise
        metrics.PICTURES.labels("unchanged" if look.picture is None else "ok").inc()
        return look

    def _look(self, url: str, before: PictureSeen | None, now: datetime) -> Look:
        known = Validators(before.etag, before.last_modified) if before else Validators()
        download = self._source.download(url, known)
        if download is None:
            assert before is not None  # nothing is known of what was not seen
            return Look(None, before.at(now))
        seen = PictureSeen(
            digest=hashlib.sha256(download.data).hexdigest(),
            etag=download.validators.etag,
            last_modified=download.validators.last_modified,
            checked_at=now,
        )
        if before and before.digest == seen.digest:
            return Look(None, seen)
        return Look(self._named(url, download.data), seen)

    def from_bytes(self, data: bytes) -> Picture:
        """The picture in a file's bytes. Raises `PictureUnusable`."""
        image = decode(
            data, max_pixels=self._max_pixels, at_least=decode_at_least(self._pack.image)
        )
        return prepare(image, self._pack.image)

    def _named(self, url: str, data: bytes) -> Picture:
        """The picture in bytes; an error says where they came from."""
        try:
            return self.from_bytes(data)
        except PictureUnusable as error:
            raise PictureUnusable(f"{url[:200]}: {error.detail}", reason=error.reason) from error
