"""The `ProductIndex` on Elasticsearch and on OpenSearch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from lookalike.catalog.product import EmbeddingStatus, Part
from lookalike.errors import IndexAway
from lookalike.index.documents import STAMPED, compact_json, from_document, microseconds, stamp
from lookalike.index.editions import Outdated
from lookalike.index.engine import bodies, words
from lookalike.index.engine.fields import fields, vector_fields
from lookalike.index.engine.protocol import Engine, Json
from lookalike.index.engine.retrying import (
    BLOCKED,
    PATIENCE_S,
    is_blocked,
    is_fenced,
    is_gone,
    reason,
)
from lookalike.index.pausing import pauses
from lookalike.index.protocol import (
    ByWords,
    Candidates,
    Counts,
    Fingerprint,
    Hit,
    Listing,
    Nearest,
    Neighbours,
    Page,
    Position,
    Revision,
    Stamp,
    Stored,
    Vector,
    VectorSpace,
    Write,
)
from lookalike.index.vectors import checked

AT_ONCE = 500
"""Documents a bulk request: some megabytes with their vectors."""

READ_AT_ONCE = 10_000

_CONFLICT, _MISSING = 409, 404
_BUSY = 429

_WHOLE = {"allow_partial_search_results": "false"}
"""A search that misses a shard is none: half of the catalogue would pass for all of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the products are: an index, the alias under which it takes writes, and what reads need
    so that vectors come along."""

    index: str
    written: str
    reading_vectors: dict[str, str]


class EngineProductIndex:
    """Products in an engine, all tenants in one index, each on its own shard by routing.

    Searches see what was written after the engine's refresh, within a second; `get` sees it at
    once. A search explores at least `explored` candidates of the graph (see docs/engines.md).
    """

    def __init__(self, engine: Engine, place: Place, space: VectorSpace, explored: int) -> None:
        self._engine = engine
        self._place = place
        self._space = space
        self._explored = explored

    def get(self, tenant: str, ids: Sequence[str]) -> dict[str, Stored]:
        """The products with these ids, by id; unknown ones are left out."""
        without = {"_source_excludes": "image_vector,text_vector"}
        return {
            each["_id"]: Stored(from_document(each["_source"]), _revision(each))
            for each in self._read(tenant, ids, without)
        }

    def fingerprints(self, tenant: str, ids: Sequence[str]) -> dict[str, Fingerprint]:
        """The fingerprints of the products with these ids, by id."""
        only = {"_source_includes": "tenant,fingerprint,status,is_active"}
        return {
            each["_id"]: Fingerprint(
                each["_source"].get("fingerprint"),
                EmbeddingStatus(each["_source"]["status"]),
                each["_source"]["is_active"],
            )
            for each in self._read(tenant, ids, only)
        }

    def _read(self, tenant: str, ids: Sequence[str], params: dict[str, str]) -> Iterator[Json]:
        """The documents that are there and the tenant's own, as fresh as can be."""
        for start in range(0, len(ids), READ_AT_ONCE):
            asked = {"ids": list(ids[start : start + READ_AT_ONCE])}
            path = f"/{self._place.index}/_mget"
            answer = self._engine.call("POST", path, asked, params | {"routing": tenant})
            if answer.status >= 400:
                raise _refusal("read", answer.body)
            for each in answer.body["docs"]:
                if each.get("error"):  # its shard is away: that is not to say that it is not there
                    raise _refusal("read", each)
                if each.get("found") and each["_source"]["tenant"] == tenant:
                    yield each

    def write(self, tenant: str, writes: Sequence[Write]) -> list[bool]:
        """Writes each product whose `read` still stands."""
        lines = [self._lines(tenant, each) for each in writes]
        done: list[bool] = []
        for start in range(0, len(lines), AT_ONCE):
            done += self._bulk(tenant, lines[start : start + AT_ONCE])
        return done

    def _lines(self, tenant: str, write: Write) -> tuple[str, str]:
        product = write.product
        if product.tenant != tenant:
            raise ValueError(f"The product is {product.tenant}'s, not {tenant}'s.")
        vectors = {
            part: None if vector is None else checked(vector, self._space)
            for part, vector in write.vectors.items()
        }
        document = fields(product) | vector_fields(vectors, self._space.model)
        if write.read is None:
            return compact_json({"create": {"_id": product.id}}), compact_json(document)
        seq_no, term = write.read.split(":")
        action = {"_id": product.id, "if_seq_no": int(seq_no), "if_primary_term": int(term)}
        # Without noop detection: every write makes another revision, as its reader expects.
        update = {"doc": document, "detect_noop": False}
        return compact_json({"update": action}), compact_json(update)

    def _bulk(self, tenant: str, pairs: Sequence[tuple[str, str]]) -> list[bool]:
        """Which were done; those that met another writer were not. Those that the engine has no
        room for go again, alone, after a pause."""
        statuses: dict[int, int] = {}
        waiting = list(range(len(pairs)))
        for _ in pauses(PATIENCE_S):
            sent = self._send(tenant, [pairs[place] for place in waiting])
            statuses |= dict(zip(waiting, sent, strict=True))
            waiting = [place for place in waiting if statuses[place] == _BUSY]
            if not waiting:
                return [statuses[place] < 300 for place in range(len(pairs))]
        raise IndexAway("The engine has more to write than it can. Send it again.")

    def _send(self, tenant: str, pairs: Sequence[tuple[str, str]]) -> list[int]:
        if not pairs:
            return []
        results = self._results(tenant, [line for pair in pairs for line in pair])
        for each in results:
            if each["status"] >= 400 and each["status"] not in {_CONFLICT, _MISSING, _BUSY}:
                raise IndexAway(f"The engine refused a product ({reason(each)}).")
        return [each["status"] for each in results]

    def _results(self, tenant: str, lines: list[str]) -> list[Json]:
        """What became of each line of a bulk request. Raises `Outdated` where the alias under which
        we write is gone, or its index is being fenced."""
        params = {"routing": tenant, "require_alias": "true"}
        answer = self._engine.lines(f"/{self._place.written}/_bulk", lines, params)
        if answer.status >= 400:
            raise IndexAway(f"The engine does not write ({reason(answer.body)}).")
        results = [next(iter(each.values())) for each in answer.body["items"]]
        for each in results:
            if is_gone(each) or is_fenced(each):
                raise Outdated("The catalogue's editions changed. Send the request again.")
            if is_blocked(each):
                raise IndexAway(BLOCKED)
        return results

    def delete(self, tenant: str, ids: Sequence[str]) -> set[str]:
        """Removes these products and their vectors for good; gives the ids that were there."""
        only = {"_source_includes": "tenant"}
        there = [each["_id"] for each in self._read(tenant, ids, only)]
        lines = [compact_json({"delete": {"_id": id}}) for id in dict.fromkeys(there)]
        gone: set[str] = set()
        for start in range(0, len(lines), AT_ONCE):
            gone |= self._deleted(tenant, lines[start : start + AT_ONCE])
        return gone

    def _deleted(self, tenant: str, lines: list[str]) -> set[str]:
        results = self._results(tenant, lines)
        if any(each["status"] >= 400 and each["status"] != _MISSING for each in results):
            raise IndexAway("The engine could not delete all of it. Send it again.")
        return {each["_id"] for each in results if each["result"] == "deleted"}

    def delete_tenant(self, tenant: str) -> None:
        """Removes all products of the tenant; what was just written, too."""
        self.refresh()
        params = {"routing": tenant, "conflicts": "proceed", "refresh": "true"}
        path = f"/{self._place.written}/_delete_by_query"
        query = {"query": bodies.of_tenant(tenant)}
        while True:
            answer = self._engine.call("POST", path, query, params)
            if is_gone(answer.body) or is_fenced(answer.body):
                raise Outdated("The catalogue's editions changed. Send the request again.")
            if answer.status >= 400:
                raise IndexAway(f"The engine does not delete ({reason(answer.body)}).")
            if not answer.body["version_conflicts"]:
                return  # else some changed in the middle: they go in the next round

    def page(self, tenant: str, listing: Listing) -> Page:
        """One page of the tenant's products, active or not."""
        query = bodies.listed(tenant, listing.filters)
        after = listing.after
        if listing.skip:
            after = self._skipped(tenant, query, listing.skip)
            if after is None:
                return Page([], self._search(tenant, {"query": query, "size": 0})[1], None)
        hits, total = self._search(tenant, bodies.page(query, listing, after))
        products = [from_document(each["_source"]) for each in hits[: listing.limit]]
        more = len(hits) > listing.limit
        last = Position(products[-1].created_at, products[-1].id) if more else None
        return Page(products, total, last)

    def _skipped(self, tenant: str, query: Json, skip: int) -> Position | None:
        """Where one is after so many products; None beyond the end. Engines skip within a window,
        so a far page is walked to, by sort values alone."""
        after: list[Any] | None = None
        while skip:
            count = min(skip, bodies.WINDOW)
            hits, _ = self._search(tenant, bodies.positions(query, count, after))
            if len(hits) < count:
                return None
            after, skip = hits[-1]["sort"], skip - count
        assert after is not None
        return Position(bodies.moment_of(after[0]), after[1])

    def vector(self, tenant: str, id: str, part: Part) -> Vector | None:
        """The vector of one part for the serving model, or None."""
        only = {"_source_includes": f"tenant,{part}_vector,{part}_model"}
        for each in self._read(tenant, [id], only | self._place.reading_vectors):
            source = each["_source"]
            if source.get(f"{part}_model") == self._space.model and source.get(f"{part}_vector"):
                return np.array(source[f"{part}_vector"], dtype=np.float32)
        return None

    def nearest(self, tenant: str, query: Nearest) -> Neighbours:
        """The active products nearest to a vector, of at least 200 candidates."""
        checked(query.vector, self._space)
        candidates = max(200, 10 * query.limit)
        body = bodies.near(
            self._engine.dialect, tenant, self._space.model, query, candidates, self._explored
        )
        hits, total = self._search(tenant, body)
        found = [
            Hit(from_document(each["_source"]), bodies.cosine_of(each["_score"])) for each in hits
        ]
        return Neighbours(found, total, exact=total < candidates)

    def by_words(self, tenant: str, query: ByWords) -> Candidates:
        """The active products that match words: three searches in one round trip."""
        checked(query.vector, self._space)
        asked = words.questions(self._engine.dialect, tenant, self._space, query, self._explored)
        header = json.dumps({"index": self._place.index, "routing": tenant})
        lines = [line for body in asked for line in (header, compact_json(body))]
        answer = self._engine.lines("/_msearch", lines)
        if answer.status >= 400:
            raise _refusal("search", answer.body)
        responses = answer.body["responses"]
        for each in responses:
            if each.get("error"):
                raise _refusal("search", each)
        return words.candidates(query, responses)

    def owed(self, after: tuple[str, str] | None, limit: int) -> list[tuple[str, str]]:
        """Up to `limit` (tenant, id) of active products that owe a part, beyond `after`."""
        hits, _ = self._search(None, bodies.owed(after, limit))
        return [(each["sort"][0], each["sort"][1]) for each in hits]

    def unchecked(self, before: datetime, limit: int) -> list[tuple[str, str]]:
        """Active products whose picture was last looked at before that time, longest ago first."""
        hits, _ = self._search(None, bodies.unchecked(microseconds(before), limit))
        return [(each["sort"][1], each["sort"][2]) for each in hits]

    def stamps(self, after: tuple[str, str] | None, limit: int) -> list[Stamp]:
        """Up to `limit` stamps of all products of all tenants, in their order, beyond `after`."""
        hits, _ = self._search(None, bodies.stamps(after, limit, STAMPED))
        return [Stamp(each["sort"][0], each["sort"][1], stamp(each["_source"])) for each in hits]

    def counts(self, tenant: str | None) -> Counts:
        """How many products there are, and how far the active ones are."""
        body, routed = bodies.counts(tenant), {"routing": tenant} if tenant else {}
        answer = self._call("POST", f"/{self._place.index}/_search", body, routed)
        active = answer["aggregations"]["active"]
        by_status = {each["key"]: each["doc_count"] for each in active["status"]["buckets"]}
        return Counts(
            stored=answer["hits"]["total"]["value"],
            accepted=active["doc_count"],
            completed=by_status.get(EmbeddingStatus.COMPLETED.value, 0),
            failed=by_status.get(EmbeddingStatus.FAILED.value, 0),
            owed=by_status.get(EmbeddingStatus.PENDING.value, 0),
        )

    def refresh(self) -> None:
        """Makes searches and lists see everything that was written before."""
        self._call("POST", f"/{self._place.index}/_refresh", None, {})

    def close(self) -> None:
        """Closes the connections."""
        self._engine.close()

    def _search(self, tenant: str | None, body: Json) -> tuple[list[Json], int]:
        """The hits, and how many there are in all; of one tenant, or (None) of all."""
        params = _WHOLE | ({"routing": tenant} if tenant else {})
        hits = self._call("POST", f"/{self._place.index}/_search", body, params)["hits"]
        return hits["hits"], hits.get("total", {}).get("value", 0)

    def _call(self, method: str, path: str, body: Json | None, params: dict[str, str]) -> Json:
        answer = self._engine.call(method, path, body, params)
        if answer.status >= 400 or not isinstance(answer.body, dict):
            raise _refusal("answer as it should", answer.body)
        return answer.body


def _refusal(what: str, body: Any) -> IndexAway:
    """What the engine does not do, and why; `Outdated` where the index is gone, as the one of an
    edition that was dropped is."""
    kind = Outdated if is_gone(body) else IndexAway
    return kind(f"The engine does not {what} ({reason(body)}).")


def _revision(found: Json) -> Revision:
    return Revision(f"{found['_seq_no']}:{found['_primary_term']}")
