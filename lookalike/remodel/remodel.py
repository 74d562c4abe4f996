"""The steps of a change of model. Each may be ended at any moment and begun again: what is done is
the state of the editions and what they hold, and until the switch the old edition serves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from lookalike.catalog.change import try_again
from lookalike.catalog.product import EmbeddingStatus
from lookalike.errors import IndexAway, Misconfigured
from lookalike.index.alignment import AT_ONCE, Alignment
from lookalike.index.editions import Edition, Editions, State, Told, must_be_whole, name_of
from lookalike.index.protocol import Counts, ListFilters, Listing, Page, ProductIndex, Write

_BEAT_EVERY = 5
"""Steps of the last alignment after which one who switches tells that he is at it."""


_FAILED = ListFilters(status=EmbeddingStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the new edition is, over all tenants: its active products, how many of them owe
    nothing any more, how many failed, and how many of the serving edition's did."""

    accepted: int
    settled: int
    failed: int
    failed_before: int

    @property
    def newly_failed(self) -> float:
        """The share in [0, 1] of the products that failed here and not there."""
        return max(0, self.failed - self.failed_before) / max(1, self.accepted)


class Remodel:
    """Changes the model of the catalogue. `describe` makes the edition of that name for a pack;
    `tenants` tells whose products there are."""

    def __init__(
        self,
        editions: Editions,
        describe: Callable[[str, str], Edition],
        tenants: Callable[[], Iterable[str]],
    ) -> None:
        self._editions = editions
        self._describe = describe
        self.tenants = tenants

    @property
    def state(self) -> State:
        """The state as it is now."""
        return self._told().state

    def begin(self, pack: str) -> State:
        """Makes a new edition for a pack, into which everybody writes when this returns; goes on
        with one that was begun. Raises `Misconfigured` where another change is under way."""
        self._let_go(self.state)
        told = self._told()
        state = told.state
        if state.other is None:
            number = state.made + 1
            other = self._describe(name_of(number), pack)
            if other.model == state.serving.model:
                raise Misconfigured(f"The catalogue is embedded with {pack} already.")
            # Named first, so that it goes if we end right here, and no two make the same one.
            state = self._save(replace(state, leaving=other, made=number), told)
            self._editions.make(other)
            begun = replace(state, other=other, leaving=None, switched=False)
            state = self._save(_next(begun), self._told_as(state))
        elif state.switched or state.other.model != self._describe("-", pack).model:
            raise Misconfigured(
                f"A change to {state.other.pack} is not finished yet. End it with "
                "`lookalike reindex --finish` or `--abort`, then begin this one."
                if not state.switched
                else f"The change to {state.serving.pack} is not finished yet. End it with "
                "`lookalike reindex --finish`, or undo it with `--back`, then begin this one."
            )
        self._fence(state)
        return state

    def retry(self) -> None:
        """Lets what failed in the other edition be tried again there: whoever goes on with a change
        has mended something, and nobody else would try."""
        other = self.opened()[1]
        other.refresh()
        for tenant in self.tenants():
            page: Page | None = None
            while page is None or page.next:
                after = page.next if page else None
                page = other.page(tenant, Listing(limit=AT_ONCE, after=after, filters=_FAILED))
                failed = other.get(tenant, [each.id for each in page.products])
                again = [Write(try_again(each.product), each.revision) for each in failed.values()]
                other.write(tenant, again)

    def copy(self) -> Iterator[int]:
        """Brings the other edition in line with the serving one; gives after each step how many
        products were looked at since the last one."""
        state = self.state
        for index in self._opened(state):
            index.refresh()
        yield from self._alignment(state).all()

    def products(self) -> int:
        """How many products the serving edition has."""
        return sum(each.stored for each in self._counted(self.opened()[0]))

    def progress(self) -> Progress:
        """How far the other edition is."""
        serving, other = self._opened(self.state)
        other.refresh()
        now, before = self._counted(other), self._counted(serving)
        return Progress(
            accepted=sum(each.accepted for each in now),
            settled=sum(each.completed + each.failed for each in now),
            failed=sum(each.failed for each in now),
            failed_before=sum(each.failed for each in before),
        )

    def switch(self, *, back: bool = False) -> State:
        """Lets the other edition serve and keeps the one that did as the other; `back`: as it was
        before. Writes wait from the moment when nobody may write any more until all that was
        written is on both sides; searches go on. Raises `IndexAway` where another process came
        between."""
        told = self._told()
        if told.state.other is None or told.state.switched is not back:
            raise IndexAway(_CAME_BETWEEN)  # and has switched already
        state = self._save(_next(replace(told.state, is_switching=True)), told)
        self._fence(state)
        state = self._align_last(state)
        assert state.other is not None
        switched = replace(
            state,
            serving=state.other,
            other=state.serving,
            switched=not state.switched,
            is_switching=False,
        )
        self._save(switched, self._told_as(state))
        self._editions.show(switched)
        return switched

    def drop_other(self) -> State:
        """Lets go of the edition that does not serve. Nothing of it is left."""
        told = self._told()
        if told.state.other is None and told.state.leaving is None:
            raise Misconfigured("No change of model is under way.")
        leaving = told.state.other or told.state.leaving
        alone = _next(replace(told.state, other=None, leaving=leaving, switched=False))
        return self._let_go(self._save(alone, told))

    def _let_go(self, state: State) -> State:
        """Drops what is leaving, also for one who ended before he had."""
        if state.leaving is None:
            return state
        self._fence(state)
        # Should another process be making or dropping it at this moment, one of us is refused.
        state = self._save(replace(state, beat=state.beat + 1), self._told_as(state))
        assert state.leaving is not None
        self._editions.drop(state.leaving)
        self._editions.show(state)
        return self._save(replace(state, leaving=None), self._told_as(state))

    def _align_last(self, state: State) -> State:
        """Aligns what is not yet, while nobody writes; tells meanwhile that we are alive."""
        for index in self._opened(state):
            index.refresh()
        for step, _ in enumerate(self._alignment(state).all(), start=1):
            if step % _BEAT_EVERY == 0:
                alive = replace(state, beat=state.beat + 1)
                state = self._save(alive, self._told_as(state))
        return state

    def _alignment(self, state: State) -> Alignment:
        serving, other = self._opened(state)
        assert state.other is not None
        return Alignment(serving, other, state.other.model)

    def _opened(self, state: State) -> tuple[ProductIndex, ProductIndex]:
        if state.other is None:
            raise Misconfigured("No change of model is under way.")
        serving = self._editions.open(state.serving, state.epoch)
        return serving, self._editions.open(state.other, state.epoch)

    def opened(self) -> tuple[ProductIndex, ProductIndex]:
        """The serving edition and the other one. Raises `Misconfigured` where there is none."""
        return self._opened(self.state)

    def _counted(self, index: ProductIndex) -> list[Counts]:
        return [index.counts(tenant) for tenant in self.tenants()]

    def _fence(self, state: State) -> None:
        for edition in state.editions:
            self._editions.fence(edition, state.epoch)

    def _told(self) -> Told:
        told = self._editions.read()
        if told is None:
            raise Misconfigured(
                "There is no catalogue yet, so choose its model by setting "
                "LOOKALIKE_MODEL_PACK and start it."
            )
        must_be_whole(told.state)
        return told

    def _told_as(self, state: State) -> Told:
        """The state as read, if it still is this one."""
        told = self._told()
        if told.state != state:
            raise IndexAway(_CAME_BETWEEN)
        return told

    def _save(self, state: State, told: Told) -> State:
        if not self._editions.save(state, told.revision):
            raise IndexAway(_CAME_BETWEEN)
        return state


_CAME_BETWEEN = (
    "Another process changed the editions meanwhile. Look with `lookalike reindex`, and try again."
)


def _next(state: State) -> State:
    return replace(state, epoch=state.epoch + 1)
