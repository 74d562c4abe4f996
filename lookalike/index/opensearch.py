"""OpenSearch with its k-NN plugin, from 2.19 on: its client, and how it speaks."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import opensearchpy
from opensearchpy.exceptions import ConnectionError as Unreached
from opensearchpy.exceptions import SerializationError, TransportError

from lookalike.errors import IndexAway, Misconfigured
from lookalike.index.engine.connecting import CONNECTIONS, Address, is_certificate_error, words_of
from lookalike.index.engine.protocol import Answer, Json, Knn
from lookalike.index.engine.retrying import patiently

OLDEST = (2, 19)


class OpenSearchDialect:
    """How OpenSearch speaks."""

    name = "opensearch"

    def knn(self, query: Knn) -> Json:
        """A query clause of the nearest vectors, the filter inside."""
        return {
            "knn": {
                query.field: {
                    "vector": query.vector,
                    "k": query.candidates,
                    "method_parameters": {"ef_search": query.explored},
                    "filter": query.within,
                }
            }
        }

    def exactly(self, field: str, vector: list[float]) -> Json:
        """The k-NN plugin's own script, which every distribution with the plugin has."""
        params = {"field": field, "query_value": vector, "space_type": "cosinesimil"}
        return {"lang": "knn", "source": "knn_score", "params": params}

    def with_width(self, vectors: Json, dimensions: int, index_type: str) -> Json:  # noqa: ARG002
        """The component template of the vectors, for a model's width."""
        for field in vectors["template"]["mappings"]["properties"].values():
            field["dimension"] = dimensions
        return vectors

    def width_of(self, vector: Json) -> int | None:
        """The width of a `knn_vector`."""
        return vector.get("dimension")

    def reading_vectors(self, version: tuple[int, ...]) -> dict[str, str]:  # noqa: ARG002
        """Vectors come along with the rest."""
        return {}


class OpenSearchEngine:
    """A connection to OpenSearch. Thread-safe; make one in each process, after forks."""

    def __init__(self, address: Address, timeout_s: float) -> None:
        self.dialect = OpenSearchDialect()
        self._address = address
        # The client warns of every answer over 299, such as of what is not there yet.
        logging.getLogger("opensearch").setLevel(logging.ERROR)
        self._client = opensearchpy.OpenSearch(
            address.url,
            timeout=timeout_s,
            max_retries=0,
            retry_on_timeout=False,
            pool_maxsize=CONNECTIONS,
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
        return patiently(lambda: self._send(method, path, body, params))

    def lines(
        self, path: str, lines: Sequence[str], params: Mapping[str, str] | None = None
    ) -> Answer:
        """One request of many JSON lines. Raises `IndexAway` and `Misconfigured`."""
        text = "".join(f"{line}\n" for line in lines)
        return patiently(lambda: self._send("POST", path, text, params))

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _send(self, method: str, path: str, body: Any, params: Mapping[str, str] | None) -> Answer:
        transport = self._client.transport
        try:
            answer = transport.perform_request(method, path, params=dict(params or {}), body=body)
        except Unreached as error:
            if is_certificate_error(error):
                raise Misconfigured(self._address.certificate_refused) from error
            raise IndexAway(words_of(self._address)) from error
        except SerializationError as error:
            raise Misconfigured(_OTHER_KIND.format(url=self._address.shown)) from error
        except TransportError as error:
            return Answer(int(error.status_code), error.info)
        return Answer(200, answer)

    def _checked(self) -> tuple[int, ...]:
        """The server's version. Raises `Misconfigured` where it is of another kind, or too old."""
        body = self.call("GET", "/").body
        version = body.get("version", {}) if isinstance(body, dict) else {}
        if not isinstance(version, dict) or version.get("distribution") != "opensearch":
            raise Misconfigured(_OTHER_KIND.format(url=self._address.shown))
        numbers = tuple(int(part) for part in version["number"].split("-")[0].split("."))
        if numbers < OLDEST:
            raise Misconfigured(
                f"OpenSearch {version['number']} is too old; {OLDEST[0]}.{OLDEST[1]} is the oldest "
                "that has what is needed."
            )
        return numbers


_OTHER_KIND = (
    "{url} is not an OpenSearch. Begin LOOKALIKE_INDEX_URL with elasticsearch+ if it is an "
    "Elasticsearch, or correct the address."
)
