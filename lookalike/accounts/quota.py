"""How many more products a tenant may create, without counting them each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from lookalike.accounts.limiting import Counters
from lookalike.errors import QueueAway

log = structlog.get_logger(__name__)


class Quota:
    """The products of each tenant against its tier's limit. `stored` counts them in the index.

    The count is kept in `counters`; it begins with what is stored and follows what is created and
    deleted. Where it went wrong (a process ended between its word here and its write, Redis was
    away), `correct` finds out. Raises `IndexAway`.
    """

    def __init__(self, counters: Counters, stored: Callable[[str], int]) -> None:
        self._counters = counters
        self._stored = stored
        self._looked: dict[str, tuple[int, int]] = {}

    def take(self, tenant: str, n: int, limit: int | None) -> int:
        """How many of `n` products that are to be created now may be; they count from here on.

        Without Redis it goes by what is stored: processes that create at the same moment may then
        exceed the limit by what they write at once.
        """
        try:
            return self._counters.take(tenant, n, limit, lambda: self._stored(tenant)).granted
        except QueueAway:
            return n if limit is None else max(0, min(n, limit - self._stored(tenant)))

    def give_back(self, tenant: str, n: int) -> None:
        """So many are gone, or were not created after all."""
        if not n:
            return
        try:
            self._counters.shift(tenant, -n)
        except QueueAway:
            log.info("not_counted", tenant=tenant, products=-n)

    def correct(self, tenants: Sequence[str]) -> None:
        """Sets counts right: to be called each minute. Raises `QueueAway`.

        Where an upload is under way, what it has taken is not written yet. So a difference counts
        as an error only once count and products have both stood still since the last call.
        """
        looked = {
            tenant: (used, self._stored(tenant))
            for tenant, used in self._counters.read(tenants).items()
        }
        for tenant, (used, stored) in looked.items():
            if used != stored and self._looked.get(tenant) == (used, stored):
                log.warning("products_miscounted", tenant=tenant, counted=used, stored=stored)
                self._counters.shift(tenant, stored - used)
        self._looked = looked
