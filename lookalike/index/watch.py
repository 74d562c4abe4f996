"""What a process knows of the state of the editions: never older than a moment."""

from __future__ import annotations

import time

from lookalike.errors import IndexAway
from lookalike.index.editions import Editions, State, Told
from lookalike.index.pausing import pauses
from lookalike.index.protocol import ProductIndex

FRESH_S = 1.0
"""How old the state may be by which a process reads; writes do not depend on it."""

ABANDONED_S = 60.0
"""One who switches, and of whom nothing was heard for so long, is taken for dead."""

SWITCH_PATIENCE_S = 30.0
"""How long a write waits for a switch to end."""


class Watch:
    """The state, read again when it is older than a second; one a process. Thread-safe: at worst
    two threads read it at once."""

    def __init__(self, editions: Editions) -> None:
        self.editions = editions
        self._told: Told | None = None
        self._read_at = float("-inf")
        self._first_seen = float("-inf")

    def state(self) -> State:
        """The state, a second old at most. Raises `IndexAway`."""
        if self._told is None or time.monotonic() - self._read_at > FRESH_S:
            return self.reload()
        return self._told.state

    def reload(self) -> State:
        """The state as it is now. Raises `IndexAway`."""
        told = self.editions.read()
        if told is None:
            raise IndexAway("The catalogue is not there any more. Start the web process again.")
        self._read_at = time.monotonic()
        if self._told is None or told.revision != self._told.revision:
            self._first_seen = self._read_at
        self._told = told
        return told.state

    def for_writing(self) -> State:
        """The state, once nobody switches. Raises `IndexAway` where that takes too long."""
        state = self.state()
        for _ in pauses(SWITCH_PATIENCE_S):
            if not state.is_switching:
                return state
            self._free_from_the_dead()
            state = self.reload()
        raise IndexAway("The catalogue is being switched to another model. Try again in a minute.")

    def catch_up(self, outdated: State) -> None:
        """After a write that was refused: reads the state, and where it is what one had, finishes
        what the one who saved it did not live to do."""
        state = self.reload()
        if state == outdated:
            for edition in state.editions:
                self.editions.fence(edition, state.epoch)

    def opened(self) -> list[ProductIndex]:
        """The serving edition, and the other one if there is one, to be read."""
        state = self.state()
        return [self.editions.open(each, state.epoch) for each in state.editions]

    def _free_from_the_dead(self) -> None:
        """Lets writes go on, to the editions as they were, where one who switched is dead; should
        he only have slept, his next step is refused."""
        told = self._told
        if told and told.state.is_switching and time.monotonic() - self._first_seen > ABANDONED_S:
            self.editions.save(not_switching(told.state), told.revision)


def not_switching(state: State) -> State:
    """The state before a switch began, in a new epoch."""
    values = state.to_json() | {"is_switching": False, "epoch": state.epoch + 1}
    return State.from_json(values)
