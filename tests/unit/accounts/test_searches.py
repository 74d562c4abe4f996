"""Searches against their limits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lookalike.accounts.callers import Caller
from lookalike.accounts.model import Browser, Scope
from lookalike.accounts.searches import Rate, Searches, end_of_month, month_of
from lookalike.accounts.tiers import TIERS, Tier
from lookalike.errors import BurstLimit, SearchLimit
from tests.unit.accounts.harness import Clock, MemoryLimits, MemoryStore

ANNA, OLEH = "anna", "oleh"
THREE = Tier("three", None, 3, 10)
MARCH, APRIL = "2026-03", "2026-04"


def caller(tier: Tier = THREE, tenant: str = ANNA, burst: int | None = None) -> Caller:
    browser = (
        None if burst is None else Browser(origins=frozenset({"https://a.example"}), burst=burst)
    )
    return Caller(tenant, tier, "k1", frozenset({Scope.SEARCH}), browser)


class House:
    """Searches, what they are kept in, and a clock that stands at noon of the 2nd of March."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.limits = MemoryLimits()
        self.clock = Clock()
        self.searches = self.another_process()

    def another_process(self) -> Searches:
        return Searches(self.limits, self.limits, self.store, self.clock.now)

    def lose_redis(self) -> None:
        self.limits.used.clear()


@pytest.fixture
def house() -> House:
    return House()


def test_a_month_s_searches_are_admitted_and_no_more(house: House) -> None:
    left = [house.searches.admit(caller(), None).rate for _ in range(3)]
    assert [rate.remaining for rate in left if rate] == [2, 1, 0]
    with pytest.raises(SearchLimit, match="2026-04-01 at 00:00 UTC") as caught:
        house.searches.admit(caller(), None)
    until_april = (datetime(2026, 4, 1, tzinfo=UTC) - house.clock.now()).total_seconds()
    assert (caught.value.limit, caught.value.retry_after_s) == (3, until_april)
    assert house.searches.used(ANNA, MARCH) == 3


def test_a_new_month_starts_anew_and_the_old_one_is_kept(house: House) -> None:
    for _ in range(3):
        house.searches.admit(caller(), None)
    house.clock.at = datetime(2026, 4, 1, tzinfo=UTC)
    house.searches.admit(caller(), None)
    house.searches.save([ANNA])
    assert house.store.searches == {(ANNA, MARCH): 3, (ANNA, APRIL): 1}


def test_a_search_that_is_not_answered_does_not_count(house: House) -> None:
    for _ in range(10):
        house.searches.give_back(house.searches.admit(caller(), None))
    assert house.searches.used(ANNA, MARCH) == 0


def test_a_search_is_given_back_to_the_month_that_it_began_in(house: House) -> None:
    house.clock.at = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
    admitted = house.searches.admit(caller(), None)
    house.clock.passes(1)
    house.searches.admit(caller(), None)
    house.searches.give_back(admitted)
    assert house.searches.used(ANNA, MARCH) == 0
    assert house.searches.used(ANNA, APRIL) == 1


def test_tenants_do_not_share(house: House) -> None:
    for tenant in (ANNA, OLEH) * 3:
        house.searches.admit(caller(tenant=tenant), None)
    assert house.searches.used(ANNA, MARCH) == house.searches.used(OLEH, MARCH) == 3


def test_without_a_limit_searches_are_counted_all_the_same(house: House) -> None:
    for _ in range(5):
        assert house.searches.admit(caller(TIERS["unlimited"]), None).rate is None
    assert house.searches.used(ANNA, MARCH) == 5


def test_the_loss_of_redis_costs_what_was_not_saved_yet(house: House) -> None:
    house.searches.admit(caller(), None)
    house.searches.save([ANNA])
    house.searches.admit(caller(), None)
    house.lose_redis()
    assert house.searches.used(ANNA, MARCH) == 1
    admitted = house.searches.admit(caller(), None)
    assert admitted.rate is not None
    assert admitted.rate.remaining == 1
    assert house.searches.used(ANNA, MARCH) == 2


def test_what_is_saved_never_falls(house: House) -> None:
    first, second = house.searches.admit(caller(), None), house.another_process()
    house.searches.save([ANNA])
    house.searches.give_back(first)
    second.save([ANNA])
    assert house.store.searches[ANNA, MARCH] == 1


def test_without_redis_searches_go_on_uncounted(house: House) -> None:
    house.limits.away = True
    for _ in range(10):
        admitted = house.searches.admit(caller(burst=2), "192.0.2.1")
        assert (admitted.month, admitted.rate) == (None, None)
        house.searches.give_back(admitted)
    house.store.save_usage(ANNA, MARCH, 2)
    assert house.searches.used(ANNA, MARCH) == 2


def test_a_public_key_allows_so_many_at_once_and_the_refused_do_not_count(house: House) -> None:
    rates = [house.searches.admit(caller(burst=2), "192.0.2.1").rate for _ in range(2)]
    assert rates == [Rate(2, 1, 10), Rate(2, 0, 10)]
    with pytest.raises(BurstLimit) as caught:
        house.searches.admit(caller(burst=2), "192.0.2.1")
    assert (caught.value.limit, caught.value.retry_after_s, caught.value.reset_s) == (2, 1, 10)
    assert house.searches.used(ANNA, MARCH) == 2


def test_the_nearest_of_two_limits_is_told(house: House) -> None:
    many = house.searches.admit(caller(burst=100), "192.0.2.1").rate
    few = house.searches.admit(caller(burst=2), "192.0.2.2").rate
    assert many is not None
    assert few is not None
    assert (many.limit, many.remaining) == (3, 2)
    assert (few.limit, few.remaining) == (2, 1)


@pytest.mark.parametrize(
    ("one", "another", "shared"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        (None, "", True),
    ],
)
def test_a_bucket_is_an_address_s_or_a_household_s(
    house: House, one: Any, another: Any, shared: bool
) -> None:
    for address in (one, another):
        house.searches.admit(caller(TIERS["unlimited"], burst=2), address)
    assert (len(set(house.limits.drawn)) == 1) is shared


@pytest.mark.parametrize(
    ("month", "ends"),
    [("2026-01", "2026-02-01"), ("2026-12", "2027-01-01"), ("2028-02", "2028-03-01")],
)
def test_a_month_ends_where_the_next_begins(month: str, ends: str) -> None:
    assert end_of_month(month) == datetime.fromisoformat(f"{ends}T00:00:00+00:00")
    assert month_of(end_of_month(month)) != month
