"""The queue against a model of it: whatever is done in whatever order, the counts agree, a claim
takes what it may take, and nothing is lost or kept too long."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from lookalike.jobs.protocol import Claim
from lookalike.jobs.redis_queue import RedisOwedQueue

tenants = st.sampled_from(["anna", "boris", "clara"])
some_ids = st.lists(st.sampled_from("abcde"), min_size=1, unique=True)


@dataclass
class Owed:
    """What the model knows of one product."""

    rests: bool = False
    holder: Claim | None = None
    added_again: bool = False
    tries: int = 0
    lapses: int = 0


class QueueMachine(RuleBasedStateMachine):
    claims = Bundle("claims")

    def __init__(self, connection: Redis) -> None:
        super().__init__()
        connection.flushall()
        self.redis = connection
        self.queue = RedisOwedQueue(connection)
        self.model: dict[tuple[str, str], Owed] = {}

    def held(self, claim: Claim) -> list[tuple[str, str]]:
        return [key for key, each in self.model.items() if each.holder is claim]

    @rule(tenant=tenants, ids=some_ids)
    def add(self, tenant: str, ids: list[str]) -> None:
        self.queue.add(tenant, ids)
        for id in ids:
            holder = self.model.get((tenant, id), Owed()).holder
            self.model[tenant, id] = Owed(holder=holder, added_again=holder is not None)

    @rule(tenant=tenants, ids=some_ids)
    def restore(self, tenant: str, ids: list[str]) -> None:
        self.queue.restore([(tenant, id) for id in ids])
        for id in ids:
            self.model.setdefault((tenant, id), Owed())

    @rule(tenant=tenants, ids=some_ids)
    def forget(self, tenant: str, ids: list[str]) -> None:
        self.queue.forget(tenant, ids)
        for id in ids:
            self.model.pop((tenant, id), None)

    @rule(target=claims, limit=st.integers(1, 6))
    def claim(self, limit: int) -> Claim:
        due = {key for key, each in self.model.items() if not each.rests and not each.holder}
        suspects = {key for key in due if self.model[key].lapses >= 2}
        claim = self.queue.claim(limit)
        tries = {(item.tenant, item.id): item.tries for item in claim.items}
        assert len(tries) == len(claim.items)
        assert tries == {key: self.model[key].tries for key in due & tries.keys()}
        assert len(tries) == 1 or not tries.keys() & suspects
        assert tries or not due
        if not suspects:
            assert len(tries) == min(limit, len(due))
            shares = Counter(tenant for tenant, _ in tries)
            left = {tenant for tenant, _ in due - tries.keys()}
            assert all(shares[tenant] >= max(shares.values()) - 1 for tenant in left)
        for key in tries:
            self.model[key].holder = claim
        return claim

    @rule(claim=claims)
    def renew(self, claim: Claim) -> None:
        self.queue.renew(claim)

    @rule(claim=claims)
    def settle(self, claim: Claim) -> None:
        self.queue.settle(claim, claim.items)
        for key in self.held(claim):
            if self.model.pop(key).added_again:
                self.model[key] = Owed()

    @rule(claim=claims, counts=st.booleans(), rest_s=st.sampled_from([0, 600]))
    def rest(self, claim: Claim, counts: bool, rest_s: float) -> None:
        if counts:
            self.queue.retry(claim, [(item, rest_s) for item in claim.items])
        else:
            self.queue.release(claim, claim.items, rest_s)
        for key in self.held(claim):
            each = self.model[key]
            if not each.added_again:
                each.rests, each.tries = rest_s > 0, each.tries + counts
            each.holder, each.added_again = None, False

    @rule(target=claims)
    def lapse(self) -> Claim:
        """Every lease runs out, as if its time had come."""
        for member in self.redis.zrange("lookalike:leases", 0, -1):
            self.redis.zadd("lookalike:leases", {member: 0})
        exhausted = self.queue.expire()
        for each in self.model.values():
            if each.holder:
                each.lapses += 1
                each.holder = exhausted if each.lapses >= 3 else None
                each.added_again = False
        assert {(item.tenant, item.id) for item in exhausted.items} == set(self.held(exhausted))
        return exhausted

    @invariant()
    def counts_agree(self) -> None:
        depth = self.queue.depth()
        waiting = [each for each in self.model.values() if not each.holder]
        assert depth.owed == len(waiting)
        assert depth.due == sum(not each.rests for each in waiting)
        assert depth.leased == len(self.model) - len(waiting)
        assert self.model or not self.redis.keys()


def test_the_queue_agrees_with_its_model(redis_client: Redis) -> None:
    run_state_machine_as_test(
        lambda: QueueMachine(redis_client),
        settings=settings(max_examples=60, stateful_step_count=40, deadline=None),
    )
