"""Requests made from the OpenAPI document itself: every operation that it names, asked for things
of our choosing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Things = Mapping[str, Sequence[Any]]
"""Values by the name of the parameter or the property that they are given for."""


@dataclass(frozen=True)
class Request:
    """One request of an operation. `named` are the things in its path."""

    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    named: tuple[str, ...] = ()

    def send(self, client: FlaskClient, key: str | None, **headers: str) -> TestResponse:
        given = self.headers | headers | ({"X-API-Key": key} if key else {})
        return client.open(
            self.path, method=self.method, query_string=self.query, json=self.body, headers=given
        )


@dataclass(frozen=True)
class Operation:
    """One method of one path of the document."""

    method: str
    path: str
    parameters: list[dict[str, Any]]
    schemas: list[dict[str, Any]]
    components: dict[str, Any]

    def requests(self, things: Things) -> Iterator[Request]:
        """The operation asked plainly, and once for each thing that it takes."""
        for named in self._places(things):
            path = self.path
            for name, value in named.items():
                path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
            for asking in self._askings(things):
                yield Request(self.method, path, named=tuple(map(str, named.values())), **asking)

    def _places(self, things: Things) -> Iterator[dict[str, Any]]:
        names = [each["name"] for each in self.parameters if each["in"] == "path"]
        for values in product(*(things[name] for name in names)):
            yield dict(zip(names, values, strict=True))

    def _askings(self, things: Things) -> Iterator[dict[str, Any]]:
        bodies = [body for schema in self.schemas for body in self._bodies(schema, things)]
        bodies = bodies or [None]
        yield from ({"body": body} for body in bodies)
        for parameter in self.parameters:
            places = {"query": "query", "header": "headers"}
            if place := places.get(parameter["in"]):
                for value in things.get(parameter["name"], ()):
                    yield {"body": bodies[0], place: {parameter["name"]: value}}

    def _bodies(self, schema: dict[str, Any], things: Things) -> Iterator[Any]:
        """Objects with what is required, and each of the things in turn."""
        schema = self._resolved(schema)
        for choice in schema.get("oneOf", ()):
            yield from self._bodies(choice, things)
        if "properties" not in schema:
            return
        required = {
            name: self._sample(name, schema["properties"][name], things)
            for name in schema.get("required", ())
        }
        yield required
        for name in schema["properties"]:
            for value in things.get(name, ()):
                yield required | {name: value}

    def _sample(self, name: str, schema: dict[str, Any], things: Things) -> Any:
        if name in things:
            return things[name][0]
        schema = self._resolved(schema)
        if schema.get("type") == "array":
            return [next(self._bodies(schema["items"], things), "x")]
        if schema.get("format") == "uri":
            return "https://example.com/mug.jpg"
        return {"integer": 1, "number": 1, "boolean": True, "object": {}}.get(
            str(schema.get("type")), "x"
        )

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in schema:
            return dict(self.components[schema["$ref"].rpartition("/")[2]])
        return schema


def operations(client: FlaskClient) -> list[Operation]:
    """Every operation of the app's document."""
    document = client.get("/openapi.json").json or {}
    found = []
    for path, item in document["paths"].items():
        for method in item.keys() - {"parameters"}:
            described = item[method]
            content = described.get("requestBody", {}).get("content", {})
            found.append(
                Operation(
                    method.upper(),
                    path,
                    [*item.get("parameters", ()), *described.get("parameters", ())],
                    [content["application/json"]["schema"]]
                    if "application/json" in content
                    else [],
                    document["components"]["schemas"],
                )
            )
    return found
