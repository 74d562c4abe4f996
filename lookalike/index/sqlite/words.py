"""Products that match words: shares of tokens by SQLite's full text, nearness by the matrices."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.index.protocol import ByWords, Candidate, Candidates, Component
from lookalike.index.sqlite.matrices import numbers
from lookalike.index.sqlite.matrix import ROUNDING, Matrix, Rows, RowSet
from lookalike.index.sqlite.searching import allowed

Values = NDArray[np.float64]
"""A component's value for each row, [n]; NaN where the product has none."""

_SEARCHED = ("name", "brand", "category")


def by_words(
    connection: sqlite3.Connection, tenant: str, query: ByWords, texts: Matrix, images: Matrix
) -> Candidates:
    """The candidates of each component, with all that is known of them, and the exact total."""
    wanted = allowed(connection, tenant, query.filters)
    near = texts.nearest(query.vector, limit=texts.count, at_least=-1.0, allowed=wanted)
    rows = near.rows
    values = {
        Component.WORDS: _shares(connection, tenant, query.tokens, rows),
        Component.TEXT: near.cosines,
        Component.IMAGE: _cosines(images, query, rows, wanted),
    }
    reached = [values[each] >= least - ROUNDING for each, least in query.at_least.items()]
    best = [_best(connection, rows, each, query.limit) for each in values.values()]
    candidates = _candidates(connection, rows, values, np.unique(np.concatenate(best)))
    return Candidates(candidates, int(np.logical_or.reduce(reached).sum()), exact=True)


def all_of(tenant: str, tokens: Sequence[str], columns: Sequence[str]) -> str:
    """A full-text expression: every token in one of the columns, the last one as a prefix."""
    terms = [_quoted(token) for token in tokens]
    terms[-1] += "*"
    return f"tenant : {_quoted(tenant)} AND {{{' '.join(columns)}}} : ({' AND '.join(terms)})"


def _shares(
    connection: sqlite3.Connection, tenant: str, tokens: Sequence[str], rows: Rows
) -> Values:
    """The share of the tokens that each row holds; NaN where it holds none."""
    held = np.zeros(len(rows))
    for place, token in enumerate(tokens):
        is_last = place == len(tokens) - 1
        expression = f"{{{' '.join(_SEARCHED)}}} : {_quoted(token)}{'*' if is_last else ''}"
        (found,) = connection.execute(
            "SELECT group_concat(rowid) FROM words WHERE words MATCH ?",
            (f"tenant : {_quoted(tenant)} AND {expression}",),
        ).fetchone()
        held += RowSet(numbers(found)).holds(rows)
    return np.where(held > 0, held / len(tokens), np.nan)


def _cosines(images: Matrix, query: ByWords, rows: Rows, wanted: RowSet | None) -> Values:
    """The cosine of each row's picture; NaN where it has none."""
    near = images.nearest(query.vector, limit=images.count, at_least=-1.0, allowed=wanted)
    order = np.argsort(near.rows)
    known, cosines = near.rows[order], near.cosines[order]
    if not len(known):
        return np.full(len(rows), np.nan)
    places = np.minimum(np.searchsorted(known, rows), len(known) - 1)
    return np.where(known[places] == rows, cosines[places], np.nan)


def _best(
    connection: sqlite3.Connection, rows: Rows, values: Values, limit: int
) -> NDArray[np.int64]:
    """The places of the `limit` best values; equal ones by the products' ids."""
    places = np.flatnonzero(~np.isnan(values))
    if len(places) <= limit:
        return places
    found = values[places]
    least = np.partition(found, len(found) - limit)[len(found) - limit]
    over, tied = places[found > least], places[found == least]
    first = _first_by_id(connection, rows[tied], limit - len(over))
    return np.concatenate([over, tied[np.isin(rows[tied], first)]])


def _first_by_id(connection: sqlite3.Connection, rows: Rows, count: int) -> Rows:
    """The rows whose products' ids come first. A common word ties thousands, so SQLite sorts."""
    found = connection.execute(
        "SELECT row FROM json_each(?) AS tied CROSS JOIN product ON row = tied.value "
        "ORDER BY product.id LIMIT ?",
        (json.dumps(rows.tolist()), count),
    )
    return np.array([row for (row,) in found], dtype=np.int64)


def _candidates(
    connection: sqlite3.Connection,
    rows: Rows,
    values: dict[Component, Values],
    places: NDArray[np.int64],
) -> list[Candidate]:
    found: dict[int, str] = dict(
        connection.execute(
            "SELECT row, product.id FROM json_each(?) AS found "
            "CROSS JOIN product ON row = found.value",
            (json.dumps(rows[places].tolist()),),
        )
    )
    return [
        Candidate(
            found[row],
            {
                component: float(each[place])
                for component, each in values.items()
                if not np.isnan(each[place])
            },
        )
        for row, place in zip(rows[places].tolist(), places.tolist(), strict=True)
        if row in found
    ]


def _quoted(token: str) -> str:
    return '"' + token.replace('"', '""') + '"'
