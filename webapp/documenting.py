"""Pieces of the OpenAPI document that views write themselves."""

from __future__ import annotations

from typing import Any


def named(**values: Any) -> dict[str, Any]:
    """Examples as an OpenAPI document holds several of them."""
    return {name: {"value": value} for name, value in values.items()}


def json_body(schema: Any, description: str = "", **values: Any) -> dict[str, Any]:
    """A JSON body's description, with its examples by name: a request's and its answer's are
    named alike."""
    content: dict[str, Any] = {"schema": schema}
    if values:
        content["examples"] = named(**values)
    return {"description": description, "content": {"application/json": content}}
