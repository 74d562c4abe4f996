"""Searches against their limits: a tier's in a calendar month, and a public key's within seconds.

Both are counted in Redis. Without it searches go on, uncounted, until it is back."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from lookalike.accounts.callers import Caller
from lookalike.accounts.limiting import Buckets, Counters
from lookalike.accounts.model import AccountStore
from lookalike.errors import BurstLimit, QueueAway, SearchLimit

log = structlog.get_logger(__name__)

BURST_WINDOW_S = 10.0
"""A public key's bucket is full again after so many seconds."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What is left of a limit, and in how many seconds all of it is there again."""

    limit: int
    remaining: int
    reset_s: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """A search that may go ahead. It counts in `month` (None: it is not counted) unless it is given
    back; `rate` is the limit that is nearest (None: there is none)."""

    tenant: str
    month: str | None
    rate: Rate | None


class Searches:
    """Admits searches and counts them by tenant and calendar month (UTC). Thread-safe."""

    def __init__(
        self,
        counters: Counters,
        buckets: Buckets,
        store: AccountStore,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._counters = counters
        self._buckets = buckets
        self._store = store
        self._now = now
        self._saved: dict[str, int] = {}

    def admit(self, who: Caller, address: str | None) -> Admitted:
        """Counts a search that comes from this address.

        Raises `BurstLimit` and `SearchLimit`; a search that is refused does not count.
        """
        burst = self._draw(who, address)
        now = self._now()
        try:
            monthly = self._take(who, now)
        except QueueAway:
            log.warning("search_not_counted", tenant=who.tenant)
            return Admitted(who.tenant, None, burst)
        rates = [rate for rate in (burst, monthly) if rate]
        nearest = min(rates, key=lambda rate: rate.remaining, default=None)
        return Admitted(who.tenant, month_of(now), nearest)

    def give_back(self, admitted: Admitted) -> None:
        """The search was not answered after all, so it does not count."""
        if admitted.month is None:
            return
        try:
            self._counters.shift(_counter(admitted.tenant, admitted.month), -1)
        except QueueAway:
            log.warning("search_not_given_back", tenant=admitted.tenant)

    def used(self, tenant: str, month: str) -> int:
        """The searches of a month. Without Redis, as they were last saved. Raises `IndexAway`."""
        saved = self._store.usage(tenant, month)
        try:
            counted = self._counters.read([_counter(tenant, month)])
        except QueueAway:
            return saved
        return max(saved, *counted.values(), 0)

    def save(self, tenants: Sequence[str]) -> None:
        """Saves the counts of this month and the last one to the accounts: to be called each
        minute. Raises `QueueAway` and `IndexAway`."""
        this_month = month_of(self._now())
        names = {
            _counter(tenant, month): (tenant, month)
            for month in (_month_before(this_month), this_month)
            for tenant in tenants
        }
        counts = self._counters.read(list(names))
        for name, count in counts.items():
            if self._saved.get(name) != count:
                self._store.save_usage(*names[name], count)
        self._saved = counts

    def _draw(self, who: Caller, address: str | None) -> Rate | None:
        if who.browser is None:
            return None
        size = who.browser.burst
        try:
            drawn = self._buckets.draw(f"{who.key}:{_network(address)}", size, BURST_WINDOW_S)
        except QueueAway:
            return None
        reset_s = math.ceil(drawn.full_s)
        if not drawn.granted:
            raise BurstLimit(
                f"This public key allows {size} searches at once from one address, and so many "
                f"again within {BURST_WINDOW_S:.0f} seconds. Wait a moment.",
                limit=size,
                retry_after_s=max(1, math.ceil(drawn.next_s)),
                reset_s=reset_s,
            )
        return Rate(size, drawn.left, reset_s)

    def _take(self, who: Caller, now: datetime) -> Rate | None:
        limit, month = who.tier.searches_a_month, month_of(now)
        taken = self._counters.take(
            _counter(who.tenant, month), 1, limit, lambda: self._store.usage(who.tenant, month)
        )
        if limit is None:
            return None
        ends = end_of_month(month)
        reset_s = math.ceil((ends - now).total_seconds())
        if not taken.granted:
            raise SearchLimit(
                f"The {limit:,} searches that the tier '{who.tier.name}' allows in a calendar "
                f"month are used up. They start anew on {ends:%Y-%m-%d} at 00:00 UTC; a larger "
                "tier allows more at once.",
                limit=limit,
                retry_after_s=reset_s,
                reset_s=reset_s,
            )
        return Rate(limit, limit - taken.used, reset_s)


def month_of(moment: datetime) -> str:
    """The calendar month, as `2026-03`."""
    return moment.astimezone(UTC).strftime("%Y-%m")


def end_of_month(month: str) -> datetime:
    """When the next calendar month begins."""
    return (_first_of(month) + timedelta(days=32)).replace(day=1)


def _month_before(month: str) -> str:
    return month_of(_first_of(month) - timedelta(days=1))


def _first_of(month: str) -> datetime:
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)


def _counter(tenant: str, month: str) -> str:
    return f"{tenant}:{month}"


def _network(address: str | None) -> str:
    """Who shares a bucket: an IPv4 address, or the IPv6 network of one household."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed.packed, 64), strict=False))
