"""What a file that is none of the accepted pictures seems to be, told by its first bytes, so that
its merchant learns what was sent instead."""

from __future__ import annotations

_TEXTS = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML file"),
)

_BINARIES = (
    (b"%PDF", "a PDF"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"BM", "a BMP"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"8BPS", "a Photoshop file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
)

_HEIC = {b"heic", b"heix", b"hevc", b"hevx", b"mif1", b"msf1"}


def guess(data: bytes) -> str | None:
    """A few words such as "an HTML page", or None where the bytes tell nothing."""
    head = data[:1024]
    if head[4:8] == b"ftyp":
        return "a HEIC picture" if head[8:12] in _HEIC else "a film"
    for mark, name in _BINARIES:
        if head.startswith(mark):
            return name
    if not _is_text(head):
        return None
    return next((name for mark, name in _TEXTS if mark in head.lower()), "a text")


def _is_text(head: bytes) -> bool:
    """Whether these are printable characters, in whatever encoding; its letters may be cut off."""
    return bool(head) and all(each >= 32 or each in b"\t\r\n\f" for each in head)
