"""The published tiers, as data. Each tenant has one, which may be changed while all runs."""

from __future__ import annotations

from dataclasses import dataclass

from lookalike.errors import Invalid


@dataclass(frozen=True, slots=True)
class Tier:
    """What a tenant may do; None is no limit. `batch_size` binds the visual API's batches."""

    name: str
    max_products: int | None
    searches_a_month: int | None
    batch_size: int


TIERS = {
    tier.name: tier
    for tier in (
        Tier("free", 1_000, 500, 10),
        Tier("starter", 10_000, 5_000, 50),
        Tier("pro", 100_000, 50_000, 100),
        Tier("unlimited", None, None, 100),
    )
}


def tier(name: str) -> Tier:
    """The tier of this name. Raises `Invalid`."""
    if name not in TIERS:
        raise Invalid(f"There is no tier {name!r}. There are {', '.join(TIERS)}.")
    return TIERS[name]
