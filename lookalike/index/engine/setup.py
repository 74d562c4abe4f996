"""Making an engine ready: its templates, its indices, and a look at whether they are ours."""

from __future__ import annotations

from dataclasses import dataclass

from lookalike.errors import Misconfigured
from lookalike.index.editions import Edition
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
        """The alias under which people find the products that are served."""
        return f"{self.prefix}-products"

    def edition(self, name: str) -> str:
        """The index of an edition of the products."""
        return f"{self.products}-{name}"

    def written(self, name: str, epoch: int) -> str:
        """The alias under which an edition takes writes, in one epoch."""
        return f"{self.products}-{name}-w{epoch}"

    @property
    def accounts(self) -> str:
        """The index of the accounts."""
        return f"{self.prefix}-accounts"

    @property
    def settings(self) -> str:
        """The component template of what all indices are made with."""
        return f"{self.prefix}-settings"

    @property
    def searches(self) -> str:
        """What the indices of search events begin with, each followed by a day."""
        return f"{self.prefix}-searches"


def make_products(engine: Engine, naming: Naming, edition: Edition, index_type: str) -> None:
    """Makes sure that there is the index of an edition. Any number of processes may do so at once.

    Raises `Misconfigured` where what is there is not ours or of another width, and `IndexAway`.
    """
    index = naming.edition(edition.name)
    if engine.call("GET", f"/{index}").status == 404:
        put_templates(engine, naming, edition.dimensions, index_type)
        # Named again here, since the templates may be those of an edition of another width.
        vectors = _vectors(engine, naming, edition.dimensions, index_type)
        _create(engine, index, {"mappings": vectors["template"]["mappings"]})
    check_products(engine, naming, edition)


def check_products(engine: Engine, naming: Naming, edition: Edition) -> None:
    """Looks whether the index of an edition is there, and ours. Raises what `make_products`
    raises."""
    index = naming.edition(edition.name)
    found = engine.call("GET", f"/{index}/_mapping")
    if found.status == 404:
        raise Misconfigured(
            f"{index} is not there any more, and with it the catalogue. Restore it from a "
            "snapshot, or choose another LOOKALIKE_INDEX_PREFIX to begin anew."
        )
    for name, each in found.body.items():  # an alias in our place names another index
        properties = each["mappings"].get("properties", {})
        _check(engine, name, properties, edition.dimensions)
        _add_new_fields(engine, naming, name, properties)


def _add_new_fields(engine: Engine, naming: Naming, index: str, properties: Json) -> None:
    """An index that an earlier version made learns the fields that came since; products get them
    when they are written next."""
    templates = component_templates(engine.dialect, naming.prefix, 1, "")
    wanted = templates[naming.products]["template"]["mappings"]["properties"]
    new = {field: kind for field, kind in wanted.items() if field not in properties}
    if not new:
        return
    answer = engine.call("PUT", f"/{index}/_mapping", {"properties": new})
    if answer.status >= 400:
        raise Misconfigured(
            f"The index {index} does not take the fields of this version ({reason(answer.body)})."
        )


def put_templates(engine: Engine, naming: Naming, dimensions: int, index_type: str) -> None:
    """Puts the templates of the products."""
    _put_settings(engine, naming)
    components = component_templates(engine.dialect, naming.prefix, dimensions, index_type)
    for name, body in components.items():
        if name != naming.settings:
            _put(engine, f"/_component_template/{name}", body)
    template = index_templates(engine.dialect, naming.prefix)[naming.products]
    _put(engine, f"/_index_template/{naming.products}", template)


def prepare_accounts(engine: Engine, naming: Naming) -> str:
    """Makes sure that there is an index of accounts; gives its name. Raises what
    `make_products` raises."""
    if engine.call("GET", f"/{naming.accounts}").status == 404:
        _put_settings(engine, naming)
        template = index_templates(engine.dialect, naming.prefix)[naming.accounts]
        _put(engine, f"/_index_template/{naming.accounts}", template)
        _create(engine, naming.accounts, {})
    return naming.accounts


def prepare_searches(engine: Engine, naming: Naming) -> None:
    """Puts the template of the search events; a day's index is made by its first event. Raises
    what `make_products` raises."""
    _put_settings(engine, naming)
    template = index_templates(engine.dialect, naming.prefix)[naming.searches]
    _put(engine, f"/_index_template/{naming.searches}", template)


def _put_settings(engine: Engine, naming: Naming) -> None:
    """What an operator set for shards, replicas and refreshing is left alone."""
    path = f"/_component_template/{naming.settings}"
    if engine.call("GET", path).status != 200:
        templates = component_templates(engine.dialect, naming.prefix, 1, "")
        _put(engine, path, templates[naming.settings])


def _vectors(engine: Engine, naming: Naming, dimensions: int, index_type: str) -> Json:
    templates = component_templates(engine.dialect, naming.prefix, dimensions, index_type)
    return templates[f"{naming.prefix}-vectors"]


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


def _check(engine: Engine, index: str, properties: Json, dimensions: int) -> None:
    width = engine.dialect.width_of(properties.get("image_vector", {}))
    if width is None or "fingerprint" not in properties:
        raise Misconfigured(
            f"{index} is not an index of this Lookalike's. Choose another "
            "LOOKALIKE_INDEX_PREFIX, or remove it."
        )
    if width != dimensions:
        raise Misconfigured(
            f"{index} holds vectors of {width} dimensions, and the model pack makes "
            f"{dimensions}. Serve the model that the index was made for, or choose another "
            "LOOKALIKE_INDEX_PREFIX."
        )
