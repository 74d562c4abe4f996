"""Large bodies on disk: read once from the network, gone through as often as needed."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

from lookalike.errors import Away
from webapp.unpacking import unpacked

IN_MEMORY = 1024 * 1024
"""Bodies up to so many bytes need no file."""


class NoRoom(Away):
    """The disk for large bodies is full, or cannot be written."""

    code = "no_room"


@dataclass(frozen=True, slots=True)
class Spooled:
    """A body, unpacked, at its start, and the SHA-256 of it in hex."""

    file: BinaryIO
    digest: str


@contextmanager
def spooled(most: int) -> Iterator[Spooled]:
    """The request's body in a file that goes with the block.

    Raises what `unpacked` raises, and `NoRoom`.
    """
    digest = hashlib.sha256()
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed below
    try:
        for piece in unpacked(most):
            digest.update(piece)
            with _room():
                file.write(piece)
        with _room():
            file.seek(0)  # writes what is still on its way
        yield Spooled(file, digest.hexdigest())  # type: ignore[arg-type]
    finally:
        with suppress(OSError):  # it tries once more to write what could not be written
            file.close()


@contextmanager
def _room() -> Iterator[None]:
    """Raises `NoRoom` where the disk does not take what is written."""
    try:
        yield
    except OSError as error:
        raise NoRoom(
            f"The server has no room for this body ({error.strerror}). Nothing was stored; free "
            "its folder for temporary files (TMPDIR), or send less at once."
        ) from error
