"""What the tests of the accounts speak through: a store, counters and a clock in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from lookalike.accounts.limiting import Drawn, Taken
from lookalike.accounts.model import ApiKey, Tenant
from lookalike.errors import QueueAway

MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A time that passes only when it is told to."""

    at: datetime = MONDAY

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class MemoryStore:
    """An `AccountStore` for one process."""

    by_id: dict[str, Tenant] = field(default_factory=dict)
    keys_by_id: dict[str, ApiKey] = field(default_factory=dict)
    searches: dict[tuple[str, str], int] = field(default_factory=dict)
    reads: int = 0

    def tenants(self) -> list[Tenant]:
        return list(self.by_id.values())

    def tenant(self, id: str) -> Tenant | None:
        return self.by_id.get(id)

    def open(self, tenant: Tenant, key: ApiKey) -> bool:
        if self.by_id:
            return False
        self.save_tenant(tenant)
        self.save_key(key)
        return True

    def save_tenant(self, tenant: Tenant) -> None:
        self.by_id[tenant.id] = tenant

    def delete_tenant(self, id: str) -> None:
        del self.by_id[id]
        self.keys_by_id = {key.id: key for key in self.keys_by_id.values() if key.tenant != id}

    def key(self, id: str) -> ApiKey | None:
        self.reads += 1
        return self.keys_by_id.get(id)

    def keys(self, tenant: str) -> list[ApiKey]:
        return [key for key in self.keys_by_id.values() if key.tenant == tenant]

    def save_key(self, key: ApiKey) -> None:
        known = self.keys_by_id.get(key.id)
        self.keys_by_id[key.id] = (
            replace(key, revoked_at=known.revoked_at) if known and known.revoked_at else key
        )

    def usage(self, tenant: str, month: str) -> int:
        return self.searches.get((tenant, month), 0)

    def save_usage(self, tenant: str, month: str, searches: int) -> None:
        self.searches[tenant, month] = max(searches, self.usage(tenant, month))

    def close(self) -> None:
        pass


@dataclass
class MemoryLimits:
    """`Counters` and `Buckets` for one process; `away` makes them as far away as a dead Redis."""

    used: dict[str, int] = field(default_factory=dict)
    drawn: list[str] = field(default_factory=list)
    away: bool = False

    def take(self, name: str, n: int, limit: int | None, truth: Callable[[], int]) -> Taken:
        self._answer()
        used = self.used[name] if name in self.used else truth()
        granted = n if limit is None else max(0, min(n, limit - used))
        self.used[name] = used + granted
        return Taken(granted, used + granted)

    def shift(self, name: str, by: int) -> None:
        self._answer()
        if name in self.used:
            self.used[name] = max(0, self.used[name] + by)

    def read(self, names: Sequence[str]) -> dict[str, int]:
        self._answer()
        return {name: self.used[name] for name in names if name in self.used}

    def draw(self, name: str, size: int, window_s: float) -> Drawn:
        """A bucket that never fills again."""
        self._answer()
        self.drawn.append(name)
        left = size - self.drawn.count(name)
        return Drawn(left >= 0, max(0, left), 0.5, window_s)

    def _answer(self) -> None:
        if self.away:
            raise QueueAway("Redis is away.")
