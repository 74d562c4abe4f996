"""Making an engine ready: its templates, its indices, and a look at whether they are ours."""

from __future__ import annotations

from dataclasses import dataclass

from lookalike.errors import Misconfigured
from lookalike.index.engine.products import Place
from lookalike.index.engine.protocol import Engine, Json
from lookalike.index.engine.retrying import reason
from lookalike.index.engine.templates import component_templates, index_templates

_EXISTS = "resource_already_exists_exception"


@dataclass(frozen=True, slots=True)
class Naming:
    """What the indices of an installation are called."""

    prefix: str = "lookalike"

    @property
    def products(self) -> str:
        """The alias of the products."""
        return f"{self.prefix}-products"

    @property
    def accounts(self) -> str:
        """The index of the accounts."""
        return f"{self.prefix}-accounts"


def prepare_products(engine: Engine, naming: Naming, dimensions: int, index_type: str) -> Place:
    """Makes sure that there is an index of products for vectors of so many dimensions. Any number
    of processes may do so at once.

    Raises `Misconfigured` where what is there is not ours or of another width, and `IndexAway`.
    """
    if engine.call("GET", f"/_alias/{naming.products}").status == 404:
        _put_templates(engine, naming, dimensions, index_type)
        alias: Json = {"aliases": {naming.products: {"is_write_index": True}}}
        _create(engine, f"{naming.products}-000001", alias)
    _check_width(engine, naming, dimensions)
    return Place(naming.products, engine.dialect.reading_vectors(engine.version))


def prepare_accounts(engine: Engine, naming: Naming) -> str:
    """Makes sure that there is an index of accounts; gives its name. Raises what
    `prepare_products` raises."""
    if engine.call("GET", f"/{naming.accounts}").status == 404:
        templates = component_templates(engine.dialect, naming.prefix, 1, "")
        settings = f"{naming.prefix}-settings"
        _put(engine, f"/_component_template/{settings}", templates[settings])
        template = index_templates(engine.dialect, naming.prefix)[naming.accounts]
        _put(engine, f"/_index_template/{naming.accounts}", template)
        _create(engine, naming.accounts, {})
    return naming.accounts


def _put_templates(engine: Engine, naming: Naming, dimensions: int, index_type: str) -> None:
    components = component_templates(engine.dialect, naming.prefix, dimensions, index_type)
    for name, body in components.items():
        _put(engine, f"/_component_template/{name}", body)
    template = index_templates(engine.dialect, naming.prefix)[naming.products]
    _put(engine, f"/_index_template/{naming.products}", template)


def _put(engine: Engine, path: str, body: Json) -> None:
    answer = engine.call("PUT", path, body)
    if answer.status >= 400:
        raise Misconfigured(
            f"The engine does not take the template {path.rsplit('/', 1)[1]} "
            f"({reason(answer.body)}). docs/engines.md lists the versions that are supported."
        )


def _create(engine: Engine, index: str, body: Json) -> None:
    answer = engine.call("PUT", f"/{index}", body)
    if answer.status >= 400 and _EXISTS not in str(answer.body):
        raise Misconfigured(f"The index {index} cannot be made ({reason(answer.body)}).")


def _check_width(engine: Engine, naming: Naming, dimensions: int) -> None:
    mappings = engine.call("GET", f"/{naming.products}/_mapping").body
    for index, found in mappings.items():
        properties = found["mappings"].get("properties", {})
        width = engine.dialect.width_of(properties.get("image_vector", {}))
        if width is None or "fingerprint" not in properties:
            raise Misconfigured(
                f"{index}, behind {naming.products}, is not an index of this Lookalike's. Choose "
                "another LOOKALIKE_INDEX_PREFIX, or remove it."
            )
        if width != dimensions:
            raise Misconfigured(
                f"{index} holds vectors of {width} dimensions, and the model pack makes "
                f"{dimensions}. Serve the model that the index was made for, or choose another "
                "LOOKALIKE_INDEX_PREFIX."
            )
