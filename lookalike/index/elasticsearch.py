"""Elasticsearch, from 8.16 on: its client, and how it speaks."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import elasticsearch
from elastic_transport import TransportError

from lookalike.errors import IndexAway, Misconfigured
from lookalike.index.engine.connecting import CONNECTIONS, Address, is_certificate_error, words_of
from lookalike.index.engine.protocol import Answer, Json, Knn
from lookalike.index.engine.retrying import patiently

OLDEST = (8, 16)
_LINES = {"accept": "application/json", "content-type": "application/x-ndjson"}
_JSON = {"accept": "application/json", "content-type": "application/json"}
_VECTORS_LEFT_OUT_FROM = (9, 2)


class ElasticsearchDialect:
    """How Elasticsearch speaks."""

    name = "elasticsearch"

    def knn(self, query: Knn) -> Json:
        """A query clause of the nearest vectors, the filter inside."""
        return {
            "knn": {
                "field": query.field,
                "query_vector": query.vector,
                "k": query.candidates,
                "num_candidates": query.explored,
                "filter": query.within,
            }
        }

    def exactly(self, field: str, vector: list[float]) -> Json:
        """Painless reads the stored floats, not the quantised ones; no score may be negative."""
        cosine = f"cosineSimilarity(params.vector, '{field}')"
        return {"source": f"Math.max(0.0, (1.0 + {cosine}) / 2)", "params": {"vector": vector}}

    def with_width(self, vectors: Json, dimensions: int, index_type: str) -> Json:
        """The component template of the vectors, for a model's width and a kind of graph."""
        for field in vectors["template"]["mappings"]["properties"].values():
            field["dims"] = dimensions
            field["index_options"]["type"] = index_type or field["index_options"]["type"]
        return vectors

    def width_of(self, vector: Json) -> int | None:
        """The width of a `dense_vector`."""
        return vector.get("dims")

    def reading_vectors(self, version: tuple[int, ...]) -> dict[str, str]:
        """From 9.2 on vectors are left out of what is read, unless one asks."""
        left_out = version >= _VECTORS_LEFT_OUT_FROM
        return {"_source_exclude_vectors": "false"} if left_out else {}


class ElasticsearchEngine:
    """A connection to Elasticsearch. Thread-safe; make one in each process, after forks."""

    def __init__(self, address: Address, timeout_s: float) -> None:
        self.dialect = ElasticsearchDialect()
        self._address = address
        # The client warns of a server that does not answer, which we say ourselves.
        logging.getLogger("elastic_transport").setLevel(logging.ERROR)
        self._client = elasticsearch.Elasticsearch(
            address.url,
            request_timeout=timeout_s,
            max_retries=0,
            retry_on_timeout=False,
            connections_per_node=CONNECTIONS,
            headers=address.headers,
            **address.tls,
        )
        self.version = self._checked()

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. Raises `IndexAway` and `Misconfigured`."""
        return patiently(lambda: self._send(method, path, body, params, _JSON))

    def lines(
        self, path: str, lines: Sequence[str], params: Mapping[str, str] | None = None
    ) -> Answer:
        """One request of many JSON lines. Raises `IndexAway` and `Misconfigured`."""
        return patiently(lambda: self._send("POST", path, lines, params, _LINES))

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _send(
        self,
        method: str,
        path: str,
        body: Any,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
    ) -> Answer:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", elasticsearch.ElasticsearchWarning)
                answer = self._client.perform_request(
                    method, path, params=params, headers=headers, body=body
                )
        except elasticsearch.UnsupportedProductError as error:
            raise Misconfigured(_OTHER_KIND.format(url=self._address.shown)) from error
        except elasticsearch.ApiError as error:
            return Answer(error.status_code, error.body)
        except TransportError as error:
            if is_certificate_error(error):
                raise Misconfigured(self._address.certificate_refused) from error
            raise IndexAway(words_of(self._address)) from error
        return Answer(answer.meta.status, answer.body)

    def _checked(self) -> tuple[int, ...]:
        """The server's version. Raises `Misconfigured` where it is of another kind, or too old."""
        body = self.call("GET", "/").body
        number = body.get("version", {}).get("number", "") if isinstance(body, dict) else ""
        if not number or body["version"].get("distribution"):
            raise Misconfigured(_OTHER_KIND.format(url=self._address.shown))
        version = tuple(int(part) for part in number.split("-")[0].split("."))
        if version < OLDEST:
            raise Misconfigured(
                f"Elasticsearch {number} is too old; {OLDEST[0]}.{OLDEST[1]} is the oldest that "
                "has what is needed."
            )
        return version


_OTHER_KIND = (
    "{url} is not an Elasticsearch. Begin LOOKALIKE_INDEX_URL with opensearch+ if it is an "
    "OpenSearch, or correct the address."
)
