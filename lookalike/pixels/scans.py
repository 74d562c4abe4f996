"""How many scans a JPEG has. Each costs its decoder a pass over all pixels, for some seventy bytes:
a file of a few megabytes could keep a worker busy for hours, and honest ones have about ten."""

from __future__ import annotations

import re

_SCAN = b"\xda"
_END = b"\xd9"

# What begins with FF but is no marker: stuffed data and restarts inside a scan.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")


def scans(jpeg: bytes) -> int:
    """Counts them up to the end of the picture: previews before it and films behind it are not its
    own."""
    count, at = 0, 2
    while (found := _MARKER.search(jpeg, at)) and found[1] != _END:
        count += found[1] == _SCAN
        at = found.end() + int.from_bytes(jpeg[found.end() : found.end() + 2])
    return count
