"""What the shared part needs of an engine: a way to call it, and where the two speak otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An engine's answer: its HTTP status, under 500, and its JSON."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Knn:
    """Asks for the `candidates` whose vector in `field` is nearest to `vector`, of what `within`
    leaves; `explored` are those that the graph is searched through for, at least `candidates`."""

    field: str
    vector: list[float]
    within: Json
    candidates: int
    explored: int


class Dialect(Protocol):
    """Where Elasticsearch and OpenSearch speak otherwise. Pure."""

    @property
    def name(self) -> str:
        """The folder of its templates."""
        ...

    def knn(self, query: Knn) -> Json:
        """A query clause of the nearest vectors, the filter inside."""
        ...

    def exactly(self, field: str, vector: list[float]) -> Json:
        """A script that scores by the stored floats: (1 + cosine) / 2."""
        ...

    def with_width(self, vectors: Json, dimensions: int, index_type: str) -> Json:
        """The component template of the vectors, for a model's width."""
        ...

    def width_of(self, vector: Json) -> int | None:
        """The width that a field of a mapping has; None where it is no vector."""
        ...

    def reading_vectors(self, version: tuple[int, ...]) -> dict[str, str]:
        """Parameters of a read without which the vectors would be left out."""
        ...


class Engine(Protocol):
    """A connection to one engine. Thread-safe."""

    @property
    def dialect(self) -> Dialect:
        """How it speaks."""
        ...

    @property
    def version(self) -> tuple[int, ...]:
        """The server's version."""
        ...

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. Where the engine asks to wait (429, 503) it is sent again, for seconds.

        Raises `IndexAway` when the engine does not answer, or cannot, and `Misconfigured` where it
        refuses who asks.
        """
        ...

    def lines(
        self, path: str, lines: Sequence[str], params: Mapping[str, str] | None = None
    ) -> Answer:
        """One request of many JSON lines: `_bulk`, `_msearch`. Raises what `call` raises."""
        ...

    def close(self) -> None:
        """Closes the connections."""
        ...
