"""The published tiers, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tier:
    """What a tenant may do; None is no limit. `batch_size` binds the visual API's batches."""

    max_products: int | None
    searches_a_month: int | None
    batch_size: int


TIERS = {
    "free": Tier(1_000, 500, 10),
    "starter": Tier(10_000, 5_000, 50),
    "pro": Tier(100_000, 50_000, 100),
    "unlimited": Tier(None, None, 100),
}
