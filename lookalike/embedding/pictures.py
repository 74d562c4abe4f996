"""The one pixel path: from a URL or from bytes to what the model takes. Uploads and queries go the
same way, so that a picture always finds itself."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lookalike.embedding.packs import Pack
from lookalike.embedding.preprocess import decode_at_least, prepare
from lookalike.errors import PictureUnusable
from lookalike.pixels.decode import decode

Picture = NDArray[np.uint8]
"""One picture as the model takes it: [height, width, 3], RGB, 0 to 255."""


class PictureSource(Protocol):
    """Where the bytes behind a URL come from; `pixels/fetch.py` is the guarded downloader."""

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        """The bytes. Raises `PictureUnusable` or `PictureUnreachable`."""


class PictureReader:
    """Reads pictures for one model. Safe to use from several threads."""

    def __init__(self, source: PictureSource, pack: Pack, max_megapixels: int) -> None:
        self._source = source
        self._pack = pack
        self._max_pixels = max_megapixels * 1_000_000

    def from_url(self, url: str, deadline_s: float | None = None) -> Picture:
        """The picture behind a URL. Raises `PictureUnusable` or `PictureUnreachable`."""
        data = self._source.fetch(url, deadline_s)
        try:
            return self.from_bytes(data)
        except PictureUnusable as error:
            raise PictureUnusable(f"{url[:200]}: {error.detail}") from error

    def from_bytes(self, data: bytes) -> Picture:
        """The picture in a file's bytes. Raises `PictureUnusable`."""
        image = decode(
            data, max_pixels=self._max_pixels, at_least=decode_at_least(self._pack.image)
        )
        return prepare(image, self._pack.image)
