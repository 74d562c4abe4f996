"""Disks and their watermarks, which no test can fill."""

from __future__ import annotations

import pytest

from lookalike.index.engine.checkup import _disk
from lookalike.index.findings import Level

GB = 1 << 30
SHARES = {"low": "85%", "high": "90%", "flood_stage": "95%"}
BYTES = {"low": "30gb", "high": "20gb", "flood_stage": "500mb"}


@pytest.mark.parametrize(
    ("marks", "free", "level", "says"),
    [
        (SHARES, 20 * GB, Level.OK, "80% full."),
        (SHARES, 12 * GB, Level.WARNING, "over the low watermark (85%)"),
        (SHARES, 8 * GB, Level.WARNING, "over the high watermark (90%)"),
        (SHARES, 4 * GB, Level.ERROR, "take no more writes"),
        (BYTES, 40 * GB, Level.OK, "60% full."),
        (BYTES, 25 * GB, Level.WARNING, "over the low watermark (30gb)"),
        (BYTES, GB // 4, Level.ERROR, "over the flood_stage watermark (500mb)"),
    ],
)
def test_a_disk_is_held_against_its_watermarks(
    marks: dict[str, str], free: int, level: Level, says: str
) -> None:
    disk = {"total_in_bytes": 100 * GB, "available_in_bytes": free}
    found = _disk("node-1", disk, marks)
    assert (found.level, says in found.says) == (level, True), found
