"""Editions: copies of the catalogue, each with the vectors of one model. One serves; while the
model is being changed there is another beside it, and every write reaches both.

Which ones there are is one document in the engine, the state. Each change of it that writers must
know of has a new epoch, and an edition takes writes of its own epoch only: so nobody who has not
seen the change writes any more, however long a process slept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from lookalike.errors import IndexAway, Misconfigured
from lookalike.index.findings import Finding
from lookalike.index.protocol import ProductIndex, Revision, VectorSpace

FIRST = "000001"
"""The name of the first edition."""


def name_of(number: int) -> str:
    """The name of the edition of that number."""
    return f"{number:06d}"


class Outdated(IndexAway):
    """The edition takes writes of another epoch, or is not there any more: read the state and
    decide again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One copy. `pack` names the model pack as `LOOKALIKE_MODEL_PACK` would, `model` is its
    digest."""

    name: str
    pack: str
    model: str
    dimensions: int

    @property
    def space(self) -> VectorSpace:
        """The vectors that it holds."""
        return VectorSpace(self.model, self.dimensions)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Which editions there are. `switched`: the other one is the one that served before. `leaving`
    is let go of: nobody writes into it any more, and it may be gone already.
    `is_switching`: nobody writes, for the moment of the switch. `is_filling`: a catalogue is moved
    here, and until it is whole nobody else uses it. `made` counts the editions that ever were, so
    that no name comes twice; `beat` makes one who switches known to be at it."""

    serving: Edition
    other: Edition | None = None
    leaving: Edition | None = None
    switched: bool = False
    is_switching: bool = False
    is_filling: bool = False
    epoch: int = 0
    made: int = 1
    beat: int = 0

    @property
    def editions(self) -> tuple[Edition, ...]:
        """All there are, the serving one first."""
        return (self.serving,) if self.other is None else (self.serving, self.other)

    def to_json(self) -> dict[str, Any]:
        """The state as the values of a document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> State:
        """The state that `to_json` gave."""
        editions = {
            name: Edition(**document[name]) if document[name] else None
            for name in ("serving", "other", "leaving")
        }
        return cls(**(dict(document) | editions))


@dataclass(frozen=True, slots=True)
class Told:
    """A state as read, and the revision to save the next one against."""

    state: State
    revision: Revision


class Editions(Protocol):
    """Where an engine keeps editions and their state. Raises `IndexAway`. Thread-safe."""

    def read(self) -> Told | None:
        """The state; None where there is no catalogue yet."""

    def save(self, state: State, read: Revision | None) -> bool:
        """Saves the state, unless another was saved since `read` (None: since there was none)."""

    def make(self, edition: Edition) -> None:
        """Makes sure that an edition is there. Raises `Misconfigured` where what is there under its
        name is not ours, or of another width."""

    def check(self, edition: Edition) -> None:
        """Looks whether an edition that was made is still there. Raises `Misconfigured` where it is
        not, or is what `make` would refuse."""

    def fence(self, edition: Edition, epoch: int) -> None:
        """From when it returns the edition takes no write of an earlier epoch, and none is under
        way; never goes back to an earlier one."""

    def open(self, edition: Edition, epoch: int) -> ProductIndex:
        """The edition's products; writing raises `Outdated` in another epoch than this, reading
        may once the edition is dropped."""

    def show(self, state: State) -> None:
        """Lets those who look into the engine by themselves find the serving edition."""

    def drop(self, edition: Edition) -> None:
        """Removes an edition with all that it holds, if it is there."""

    def examine(self, state: State) -> Iterator[Finding]:
        """What a check-up finds; nothing that is kept is changed."""

    def close(self) -> None:
        """Gives back connections."""


def opened(editions: Editions, first: Edition) -> State:
    """The state of the catalogue, which begins with the `first` edition where there is none yet.

    Raises `Misconfigured` where what is there is not ours or not whole, and `IndexAway`.
    """
    told = editions.read()
    if told is None:
        editions.make(first)
        editions.fence(first, 0)
        editions.save(State(serving=first), None)
        told = editions.read()
        assert told is not None
        editions.show(told.state)
    must_be_whole(told.state)
    for each in told.state.editions:
        editions.make(each)
    return told.state


def must_be_whole(state: State) -> None:
    """Raises `Misconfigured` while a catalogue is being moved into this one."""
    if state.is_filling:
        raise Misconfigured(
            "A catalogue is being moved here, and not all of it has come. Run `lookalike move` "
            "again until it says that everything is moved, and start then."
        )
