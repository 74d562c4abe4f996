"""How many more products a tenant may create."""

from __future__ import annotations

import pytest

from lookalike.accounts.quota import Quota
from tests.unit.accounts.harness import MemoryLimits

ANNA, OLEH = "anna", "oleh"


class House:
    """A quota over counters, and the products that are stored."""

    def __init__(self) -> None:
        self.stored = {ANNA: 0, OLEH: 0}
        self.counted = 0
        self.limits = MemoryLimits()
        self.quota = Quota(self.limits, self.count)

    def count(self, tenant: str) -> int:
        self.counted += 1
        return self.stored[tenant]


@pytest.fixture
def house() -> House:
    return House()


def test_products_are_granted_up_to_the_limit_and_counted_once(house: House) -> None:
    house.stored[ANNA] = 4
    assert [house.quota.take(ANNA, 3, 10) for _ in range(3)] == [3, 3, 0]
    assert house.counted == 1


def test_tenants_do_not_share(house: House) -> None:
    assert house.quota.take(ANNA, 10, 10) == 10
    assert house.quota.take(OLEH, 10, 10) == 10


def test_what_is_given_back_may_be_taken_again(house: House) -> None:
    house.quota.take(ANNA, 10, 10)
    house.quota.give_back(ANNA, 4)
    assert house.quota.take(ANNA, 10, 10) == 4


def test_without_a_limit_everything_is_granted_and_counts_all_the_same(house: House) -> None:
    assert house.quota.take(ANNA, 1_000_000, None) == 1_000_000
    assert house.quota.take(ANNA, 1, 1_000) == 0


def test_without_redis_it_goes_by_what_is_stored(house: House) -> None:
    house.limits.away = True
    house.stored[ANNA] = 8
    assert house.quota.take(ANNA, 5, 10) == 2
    assert house.quota.take(ANNA, 5, 6) == 0
    assert house.quota.take(ANNA, 5, None) == 5
    house.quota.give_back(ANNA, 5)


def test_what_was_taken_and_never_written_is_given_back_at_the_second_look(house: House) -> None:
    house.quota.take(ANNA, 5, 10)
    house.quota.correct([ANNA])
    assert house.limits.used[ANNA] == 5
    house.quota.correct([ANNA])
    assert house.limits.used[ANNA] == 0


def test_what_is_being_written_is_left_alone(house: House) -> None:
    for _ in range(5):
        house.quota.take(ANNA, 3, None)
        house.quota.correct([ANNA])
        house.stored[ANNA] += 3
    assert house.limits.used[ANNA] == 15


def test_what_was_lost_waits_until_the_upload_is_over(house: House) -> None:
    house.quota.take(ANNA, 5, None)  # lost
    for _ in range(3):
        house.quota.take(ANNA, 2, None)
        house.quota.correct([ANNA])
        house.stored[ANNA] += 2
    for _ in range(2):
        house.quota.correct([ANNA])
    assert house.limits.used[ANNA] == house.stored[ANNA] == 6


def test_what_was_written_without_redis_counts_after_the_second_look(house: House) -> None:
    house.quota.take(ANNA, 2, 10)
    house.stored[ANNA] = 9
    house.quota.correct([ANNA, OLEH])
    house.quota.correct([ANNA, OLEH])
    assert house.quota.take(ANNA, 5, 10) == 1


def test_a_tenant_that_nobody_uploads_for_is_not_counted(house: House) -> None:
    house.quota.correct([ANNA, OLEH])
    assert house.counted == 0
