"""The bytes of a request's body, plain or gzip, never more than allowed: limits count unpacked
bytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from flask import request

from lookalike.errors import Refused, TooLarge

_CHUNK = 64 * 1024


class NotReadable(Refused):
    """The body is of a kind that this endpoint does not read."""

    code = "unsupported_media_type"


class NotGzip(Refused):
    """The body says that it is gzip, and is not, or is cut off."""

    code = "not_gzip"


def unpacked(most: int) -> Iterator[bytes]:
    """The request's body in pieces, unpacked. `most`: bytes that it may have.

    Raises `NotReadable` (another encoding), `NotGzip` and `TooLarge`; werkzeug's own errors where
    the client goes away or sends more than it announced.
    """
    request.max_content_length = most
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding not in {"identity", "gzip"}:
        raise NotReadable("The body may be plain or gzip; send it without another encoding.")
    pieces = _pieces()
    size = 0
    for piece in _gunzipped(pieces) if encoding == "gzip" else pieces:
        size += len(piece)
        if size > most:
            raise TooLarge(
                f"The body is larger than {most:,} bytes when unpacked. Send less at once."
            )
        yield piece


def _pieces() -> Iterator[bytes]:
    while piece := request.stream.read(_CHUNK):
        yield piece


def _gunzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Unpacks piecewise: of a body that explodes no more is unpacked than is asked for. After one
    member another may follow (RFC 1952), and nothing else: zlib would hoard whatever did."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for piece in pieces:
            waiting = piece
            while waiting:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(wbits=31)
                yield unpacker.decompress(waiting, _CHUNK)
                waiting = unpacker.unconsumed_tail or unpacker.unused_data
    except zlib.error as error:
        raise NotGzip("The body says that it is gzip, but it is not.") from error
    if not unpacker.eof:
        raise NotGzip("The gzip body ends too early.")
