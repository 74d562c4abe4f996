"""Moving a catalogue, whole and with its vectors, from one engine to another: nothing is embedded
again. The source stays as it is.

Until everything is there the target is marked as being filled, and nobody can start on it. Its last
step, one write, opens it. Whoever moves again, after a move was cut off, goes on with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby, zip_longest

from lookalike.accounts.model import AccountStore, Tenant
from lookalike.accounts.searches import month_of
from lookalike.catalog.product import Part
from lookalike.errors import IndexAway, Misconfigured
from lookalike.index.editions import FIRST, Edition, Editions, State, Told
from lookalike.index.protocol import ProductIndex, Stamp, Stored, Write

PAGE = 500
"""Products that are moved at once: some megabytes with their vectors."""


@dataclass(frozen=True, slots=True)
class House:
    """Where a catalogue lives: its editions, and its accounts."""

    editions: Editions
    accounts: AccountStore


class Move:
    """Moves a catalogue into an engine that has none yet."""

    def __init__(self, source: House, target: House) -> None:
        self._source, self._target = source, target
        self._edition: Edition | None = None

    def total(self) -> int:
        """How many products there are to move. Raises `Misconfigured` while the model is being
        changed, or where there is nothing to move."""
        return self._from().counts(None).stored

    def begin(self) -> None:
        """Makes the target ready. Raises `Misconfigured` where it holds a catalogue already."""
        edition = replace(self._state().serving, name=FIRST)
        told = self._target.editions.read()
        if told is None:
            self._target.editions.make(edition)
            self._target.editions.fence(edition, 0)
            self._target.editions.save(State(serving=edition, is_filling=True), None)
            told = self._target.editions.read()
        if told is None or not _is_ours(told, edition):
            raise Misconfigured(
                "There is a catalogue already where this one is to be moved. Choose another "
                "LOOKALIKE_INDEX_PREFIX, or remove what is there."
            )
        self._target.editions.show(told.state)
        self._edition = edition

    def products(self) -> Iterator[int]:
        """Copies the products that the target does not have as they are; gives how many were looked
        at, page by page."""
        source, target = self._from(), self._to()
        for page in _pages(source):
            for tenant, group in groupby(page, key=lambda stamp: stamp.tenant):
                _copy(source, target, tenant, [stamp.id for stamp in group])
            yield len(page)
        target.refresh()
        self._remove_strays()

    def finish(self) -> list[Tenant]:
        """Compares product by product, moves the accounts, and opens the target. Raises
        `Misconfigured` where the source changed meanwhile: then it is not open yet."""
        self._compare()
        tenants = self._move_accounts()
        self._open()
        return tenants

    def _state(self) -> State:
        told = self._source.editions.read()
        if told is None:
            raise Misconfigured("There is no catalogue here to move.")
        if told.state.other or told.state.leaving or told.state.is_switching:
            raise Misconfigured(
                "The model of the catalogue is being changed. End that first: `lookalike reindex "
                "--finish`, or `--abort`."
            )
        return told.state

    def _from(self) -> ProductIndex:
        state = self._state()
        return self._source.editions.open(state.serving, state.epoch)

    def _to(self) -> ProductIndex:
        assert self._edition is not None, "begin comes first"
        return self._target.editions.open(self._edition, 0)

    def _remove_strays(self) -> None:
        """What an earlier move copied, and is gone from the source by now."""
        source, target = self._from(), self._to()
        for page in _pages(target):
            for tenant, group in groupby(page, key=lambda stamp: stamp.tenant):
                ids = [stamp.id for stamp in group]
                if gone := set(ids) - source.get(tenant, ids).keys():
                    target.delete(tenant, sorted(gone))
        target.refresh()

    def _compare(self) -> None:
        pages = zip_longest(_pages(self._from()), _pages(self._to()))
        if any(one != other for one, other in pages):
            raise Misconfigured(
                "Products changed while they were moved. Stop everything that writes into this "
                "catalogue, and move again; what was moved is kept."
            )

    def _move_accounts(self) -> list[Tenant]:
        tenants = self._source.accounts.tenants()
        there = {tenant.id for tenant in self._target.accounts.tenants()}
        for gone in there - {tenant.id for tenant in tenants}:  # since a move that was cut off
            self._target.accounts.delete_tenant(gone)
        for tenant in tenants:
            for key in self._source.accounts.keys(tenant.id):
                self._target.accounts.save_key(key)
            self._move_usage(tenant)
            self._target.accounts.save_tenant(tenant)
        return tenants

    def _open(self) -> None:
        told = self._target.editions.read()
        whole = replace(told.state, is_filling=False) if told else None
        if not told or not whole or not self._target.editions.save(whole, told.revision):
            raise Misconfigured("Somebody else changes the target. Stop that, and move again.")

    def _move_usage(self, tenant: Tenant) -> None:
        for month in _months(tenant.created_at, datetime.now(UTC)):
            if searches := self._source.accounts.usage(tenant.id, month):
                self._target.accounts.save_usage(tenant.id, month, searches)


def _is_ours(told: Told, edition: Edition) -> bool:
    """Whether the target is being filled with a catalogue of this model."""
    return told.state.is_filling and told.state.serving == edition


def _copy(source: ProductIndex, target: ProductIndex, tenant: str, ids: list[str]) -> None:
    stored, there = source.get(tenant, ids), target.get(tenant, ids)
    writes = [
        _write(source, each, there.get(id))
        for id, each in stored.items()
        if id not in there or there[id].product != each.product
    ]
    if not all(target.write(tenant, writes)):
        raise IndexAway("Somebody else writes where the catalogue is to be moved. Stop that.")


def _write(source: ProductIndex, stored: Stored, there: Stored | None) -> Write:
    product = stored.product
    vectors = {part: source.vector(product.tenant, product.id, part) for part in Part}
    return Write(product, there.revision if there else None, vectors)


def _pages(index: ProductIndex) -> Iterator[list[Stamp]]:
    """All stamps, in their order."""
    after: tuple[str, str] | None = None
    while page := index.stamps(after, PAGE):
        yield page
        after = page[-1].place


def _months(first: datetime, last: datetime) -> Iterator[str]:
    """The calendar months from one moment to another."""
    month, ends = month_of(first), month_of(last)
    while month <= ends:
        yield month
        year, number = map(int, month.split("-"))
        month = f"{year + number // 12}-{number % 12 + 1:02}"
