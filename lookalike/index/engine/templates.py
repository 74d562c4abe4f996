"""The templates of `index_templates/`, as an operator would PUT them, for the names and the vectors
of this installation."""

from __future__ import annotations

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from lookalike.index.engine.protocol import Dialect, Json

PREFIX = "lookalike"
"""The names that stand in the files begin with it."""

SHARED = ("lookalike-settings", "lookalike-products")
VECTORS = "lookalike-vectors"


def folder() -> Traversable:
    """Where the files are: in the installed package, or at the top of a checkout."""
    installed = files("lookalike.index") / "templates"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "index_templates"


def component_templates(dialect: Dialect, prefix: str, width: int, kind: str) -> dict[str, Json]:
    """The component templates by name: settings and fields as they are, vectors of this width."""
    found = {name: _read(folder() / f"{name}.json") for name in SHARED}
    vectors = _read(folder() / dialect.name / f"{VECTORS}.json")
    found[VECTORS] = dialect.with_width(vectors, width, kind)
    return {_named(name, prefix): body for name, body in found.items()}


def index_templates(dialect: Dialect, prefix: str) -> dict[str, Json]:
    """The index templates by name."""
    found = {
        "lookalike-products": _read(folder() / dialect.name / "lookalike-products.json"),
        "lookalike-accounts": _read(folder() / "lookalike-accounts.json"),
        "lookalike-searches": _read(folder() / "lookalike-searches.json"),
    }
    for body in found.values():
        for list_of_names in ("index_patterns", "composed_of"):
            body[list_of_names] = [_named(name, prefix) for name in body[list_of_names]]
    return {_named(name, prefix): body for name, body in found.items()}


def _named(name: str, prefix: str) -> str:
    return prefix + name.removeprefix(PREFIX)


def _read(file: Traversable) -> Json:
    body: Json = json.loads(file.read_text(encoding="utf-8"))
    return body
