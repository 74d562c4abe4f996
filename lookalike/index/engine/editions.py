"""Editions in an engine: an index each. An edition takes writes under an alias that names the
epoch, so whoever missed a change writes into nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lookalike.errors import IndexAway
from lookalike.index.editions import Edition, State, Told
from lookalike.index.engine.checkup import examine
from lookalike.index.engine.products import EngineProductIndex, Place
from lookalike.index.engine.protocol import Answer, Engine, Json
from lookalike.index.engine.retrying import reason
from lookalike.index.engine.setup import Naming, check_products, make_products, put_templates
from lookalike.index.findings import Finding
from lookalike.index.protocol import ProductIndex, Revision

_STATE = "editions"
_CONFLICT = 409


class EngineEditions:
    """`Editions` in an engine; the state is a document beside the accounts, in the index
    `accounts`. `explored`: see `EngineProductIndex`."""

    def __init__(
        self, engine: Engine, naming: Naming, accounts: str, index_type: str, explored: int
    ) -> None:
        self._engine = engine
        self._naming = naming
        self._accounts = accounts
        self._index_type = index_type
        self._explored = explored

    def read(self) -> Told | None:
        """The state; None where there is no catalogue yet."""
        answer = self._call("GET", f"/{self._accounts}/_doc/{_STATE}", allowed={404})
        if not answer.body.get("found"):
            return None
        revision = Revision(f"{answer.body['_seq_no']}:{answer.body['_primary_term']}")
        return Told(State.from_json(answer.body["_source"]["data"]), revision)

    def save(self, state: State, read: Revision | None) -> bool:
        """Saves the state, unless another one was saved since."""
        body = {"kind": _STATE, "data": state.to_json()}
        path = f"/{self._accounts}/_doc/{_STATE}"
        if read is None:
            params = {"op_type": "create"}
        else:
            seq_no, term = read.split(":")
            params = {"if_seq_no": seq_no, "if_primary_term": term}
        return self._call("PUT", path, body, params, allowed={_CONFLICT}).status != _CONFLICT

    def make(self, edition: Edition) -> None:
        """Makes sure that an edition is there."""
        make_products(self._engine, self._naming, edition, self._index_type)

    def check(self, edition: Edition) -> None:
        """Looks whether an edition is there, and ours."""
        check_products(self._engine, self._naming, edition)

    def fence(self, edition: Edition, epoch: int) -> None:
        """From when it returns the edition takes writes under this epoch's alias alone. While the
        aliases change the index is blocked, since a bulk request under way has found its way
        already: the engine tells when none is left."""
        index = self._naming.edition(edition.name)
        try:
            while (held := self._epoch(edition)) is None or held < epoch:
                self._call("PUT", f"/{index}/_block/write")
                self._go_on(edition, held, epoch)
        finally:
            # Also for one who ended in the middle.
            self._call("PUT", f"/{index}/_settings", {"index.blocks.write": None}, allowed={404})

    def _epoch(self, edition: Edition) -> int | None:
        """The epoch whose writes the edition takes; None: none yet."""
        index = self._naming.edition(edition.name)
        aliases = self._call("GET", f"/{index}/_alias").body[index]["aliases"]
        found = [re.fullmatch(re.escape(index) + r"-w(\d+)", each) for each in aliases]
        return max((int(each[1]) for each in found if each), default=None)

    def _go_on(self, edition: Edition, held: int | None, epoch: int) -> None:
        """From one epoch to the next, unless another process was faster."""
        index = self._naming.edition(edition.name)
        actions: list[Json] = []
        if held is not None:
            alias = self._naming.written(edition.name, held)
            actions.append({"remove": {"index": index, "alias": alias, "must_exist": True}})
        written = self._naming.written(edition.name, epoch)
        actions.append({"add": {"index": index, "alias": written}})
        self._call("POST", "/_aliases", {"actions": actions}, allowed={400, 404})

    def open(self, edition: Edition, epoch: int) -> ProductIndex:
        """The edition's products."""
        place = Place(
            index=self._naming.edition(edition.name),
            written=self._naming.written(edition.name, epoch),
            reading_vectors=self._engine.dialect.reading_vectors(self._engine.version),
        )
        return EngineProductIndex(self._engine, place, edition.space, self._explored)

    def show(self, state: State) -> None:
        """Lets the alias of the products name the serving edition alone, in one step."""
        put_templates(self._engine, self._naming, state.serving.dimensions, self._index_type)
        serving = self._naming.edition(state.serving.name)
        alias = self._naming.products
        named = self._engine.call("GET", f"/_alias/{alias}")
        others = [] if named.status == 404 else [each for each in named.body if each != serving]
        actions: list[Json] = [{"remove": {"index": each, "alias": alias}} for each in others]
        actions.append({"add": {"index": serving, "alias": alias}})
        self._call("POST", "/_aliases", {"actions": actions})

    def drop(self, edition: Edition) -> None:
        """Removes the edition's index, if it is there."""
        self._call("DELETE", f"/{self._naming.edition(edition.name)}", allowed={404})

    def examine(self, state: State) -> Iterator[Finding]:
        """What a check-up of the engine finds."""
        yield from examine(self._engine, self._naming, state, self._index_type)

    def close(self) -> None:
        """Closes the connections."""
        self._engine.close()

    def _call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        params: dict[str, str] | None = None,
        allowed: frozenset[int] | set[int] = frozenset(),
    ) -> Answer:
        answer = self._engine.call(method, path, body, params)
        if answer.status >= 400 and answer.status not in allowed:
            raise IndexAway(f"The engine does not answer as it should ({reason(answer.body)}).")
        return answer
