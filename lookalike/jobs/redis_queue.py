"""The queue of owed products on Redis: each method is one script, so one atomic step and one round
trip. The server's clock is the only one."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable

from redis import Redis

from lookalike.jobs.protocol import Claim, Claimed, Depth
from lookalike.jobs.redis_errors import redis_in_words
from lookalike.jobs.redis_scripts import RedisScripts

EXPIRED_AT_ONCE = 500
"""Leases that one `expire` looks at, so that it never holds up the server for long."""

_KEYS = ("ring", "leases", "holders", "again", "tries", "lapses", "origins")


class RedisOwedQueue:
    """An `OwedQueue`. `lease_s` is how long a worker that says nothing keeps its products.

    Under `<namespace>:` are a set a tenant (`owed:<tenant>`: ids by the time, in milliseconds, at
    which each may next be tried), the ring of tenants by their turn, the leases by their end, who
    holds each, what was added again while it was leased, how often each was tried, how often
    its lease lapsed, and the traces that they came from. Nothing about a product stays once it is
    settled.
    """

    def __init__(
        self, connection: Redis, *, lease_s: float = 30.0, namespace: str = "lookalike"
    ) -> None:
        keys = [f"{namespace}:{name}" for name in _KEYS]
        common: list[str | int] = [f"{namespace}:owed:", int(lease_s * 1000)]
        self._scripts = RedisScripts(connection, "queue", keys, common)
        self._connection = connection
        self._leases = f"{namespace}:leases"

    def ping(self) -> None:
        """Raises `QueueAway` when the server does not answer."""
        with redis_in_words():
            self._connection.ping()

    def add(self, tenant: str, ids: Collection[str], origin: str = "") -> None:
        """These owe something from now on; their earlier tries and lapses are forgotten."""
        if ids:
            self._scripts.run("add", tenant, origin, *ids)

    def claim(self, limit: int) -> Claim:
        """Takes up to `limit` due products, round-robin over tenants."""
        token = secrets.token_hex(8)
        flat = self._scripts.run("claim", token, limit)
        rows = zip(flat[::4], flat[1::4], flat[2::4], flat[3::4], strict=True)
        items = (
            Claimed(_text(tenant), _text(id), int(tries), _text(origin))
            for tenant, id, tries, origin in rows
        )
        return Claim(token, tuple(items))

    def renew(self, claim: Claim) -> None:
        """Holds what is left of the claim for another lease's length."""
        self._scripts.run("renew", claim.token, *map(_member, claim.items))

    def settle(self, claim: Claim, items: Iterable[Claimed]) -> None:
        """These are done with."""
        if members := [_member(item) for item in items]:
            self._scripts.run("settle", claim.token, *members)

    def retry(self, claim: Claim, items: Iterable[tuple[Claimed, float]]) -> None:
        """Each counts one more try and is due again after so many seconds."""
        self._rest(claim, items, counts=True)

    def release(self, claim: Claim, items: Iterable[Claimed], delay_s: float) -> None:
        """Gives these back without counting anything."""
        self._rest(claim, ((item, delay_s) for item in items), counts=False)

    def expire(self) -> Claim:
        """Makes products whose lease ran out due again; claims those that lapsed three times."""
        token = secrets.token_hex(8)
        flat = self._scripts.run("expire", token, EXPIRED_AT_ONCE)
        rows = zip(flat[::2], flat[1::2], strict=True)
        return Claim(token, tuple(Claimed(_text(tenant), _text(id), 0) for tenant, id in rows))

    def restore(self, owed: Iterable[tuple[str, str]]) -> None:
        """Adds what the index says is owed, unless it waits or is leased."""
        if flat := [text for pair in owed for text in pair]:
            self._scripts.run("restore", *flat)

    def leased(self, tenant: str, ids: Collection[str]) -> set[str]:
        """Those of the ids that a worker has now."""
        if not ids:
            return set()
        asked = list(ids)
        with redis_in_words():
            ends = self._connection.zmscore(self._leases, [f"{tenant}|{id}" for id in asked])
        return {id for id, end in zip(asked, ends, strict=True) if end is not None}

    def forget(self, tenant: str, ids: Collection[str]) -> None:
        """Nothing waits for these any more."""
        if ids:
            self._scripts.run("forget", tenant, *ids)

    def depth(self) -> Depth:
        """How much waits."""
        due, owed, leased, oldest_ms = self._scripts.run("depth")
        return Depth(due, owed, leased, oldest_ms / 1000)

    def _rest(self, claim: Claim, items: Iterable[tuple[Claimed, float]], *, counts: bool) -> None:
        pairs = ((_member(item), int(seconds * 1000)) for item, seconds in items)
        if flat := [value for pair in pairs for value in pair]:
            self._scripts.run("rest", claim.token, int(counts), *flat)


def _member(item: Claimed) -> str:
    return f"{item.tenant}|{item.id}"


def _text(value: bytes) -> str:
    return value.decode()
