"""A check-up of an engine: what it is, what it lacks, and what about it will be trouble."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lookalike.index.editions import State
from lookalike.index.engine import bodies
from lookalike.index.engine.protocol import Engine, Json, Knn
from lookalike.index.engine.retrying import reason
from lookalike.index.engine.setup import Naming
from lookalike.index.engine.templates import component_templates, index_templates
from lookalike.index.findings import Finding, error, fine, warning

CLOCKS_APART_S = 5.0
"""Job times and the order of new products come from the clocks of the web processes."""

SCORES_APART = 0.002
"""What the engines may differ by, by the contract."""

_WIDTH = 8
_COSINE = 0.6
_WATERMARKS = ("low", "high", "flood_stage")
_USUAL = {"low": "85%", "high": "90%", "flood_stage": "95%"}
_ADVICE = {
    "low": "new shards are not put there any more",
    "high": "its shards are moved away",
    "flood_stage": "its indices take no more writes",
}


def examine(engine: Engine, naming: Naming, state: State, kind: str) -> Iterator[Finding]:
    """Everything that can be looked at without changing anything that is kept. Raises what the
    engine raises."""
    version = ".".join(map(str, engine.version))
    yield fine("engine", f"{engine.dialect.name} {version} answers.")
    yield from _features(engine, kind)
    yield from _templates(engine, naming, state, kind)
    yield _scores(engine, naming, kind)
    yield from _health(engine, naming)
    yield _clock(engine)
    yield from _disks(engine)


def _features(engine: Engine, kind: str) -> Iterator[Finding]:
    """What an OpenSearch lacks of what the settings ask for; every Elasticsearch that is not too
    old has it all."""
    if engine.dialect.name != "opensearch":
        return
    if kind != "int8_hnsw":
        yield warning(
            "engine",
            f"LOOKALIKE_INDEX_VECTORS={kind} is Elasticsearch's; OpenSearch keeps whole floats.",
        )
    plugins = engine.call("GET", "/_cat/plugins", params={"format": "json"}).body
    if not any("knn" in each.get("component", "") for each in plugins):
        yield warning(
            "engine",
            "The list of plugins does not name opensearch-knn. If searches fail, install that "
            "plugin on every node.",
        )


def _templates(engine: Engine, naming: Naming, state: State, kind: str) -> Iterator[Finding]:
    """Whether the templates are those of this version; shards and such are the operator's own."""
    wanted = component_templates(engine.dialect, naming.prefix, state.serving.dimensions, kind)
    wanted.pop(f"{naming.prefix}-settings")
    drifted = [name for name, body in wanted.items() if _component(engine, name) != _mapped(body)]
    for name, body in index_templates(engine.dialect, naming.prefix).items():
        found = engine.call("GET", f"/_index_template/{name}")
        if name == naming.searches and found.status == 404:
            continue  # whoever keeps no search events needs none
        there = found.body["index_templates"][0]["index_template"] if found.status == 200 else {}
        if there.get("composed_of") != body["composed_of"]:
            drifted.append(name)
    if drifted:
        yield warning(
            "templates",
            f"{', '.join(sorted(drifted))} differ from this version's. Put "
            "those of index_templates/ again, or keep yours in a component template of "
            "another name; indices that are there do not change.",
        )
    else:
        yield fine("templates", "The templates are those of this version.")


def _component(engine: Engine, name: str) -> Json | None:
    found = engine.call("GET", f"/_component_template/{name}")
    if found.status == 404:
        return None
    return _mapped(found.body["component_templates"][0]["component_template"])


def _mapped(body: Json) -> Json:
    """The mappings of a template, all values as text, as engines differ in how they give them."""
    return dict(_flat(body["template"].get("mappings", {})))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(each, f"{path}.{name}")
    else:
        yield path, str(value).lower()


def _scores(engine: Engine, naming: Naming, kind: str) -> Finding:
    """Two vectors whose cosine is known, in an index of a moment."""
    index = f"{naming.products}-checkup-{secrets.token_hex(4)}"
    vectors = component_templates(engine.dialect, naming.prefix, _WIDTH, kind)
    mappings = vectors[f"{naming.prefix}-vectors"]["template"]["mappings"]
    one, other = _pair()
    try:
        made = engine.call("PUT", f"/{index}", {"mappings": mappings})
        if made.status >= 400:
            return error("scores", f"An index of vectors cannot be made ({reason(made.body)}).")
        document = {"tenant": "-", "id": "-", "is_active": True, "image_vector": other}
        params = {"routing": "-", "refresh": "true"}
        put = engine.call("PUT", f"/{index}/_doc/1", document, params)
        knn = Knn("image_vector", one, {"match_all": {}}, candidates=1, explored=100)
        found = engine.call(
            "POST", f"/{index}/_search", {"query": bodies.exactly(engine.dialect, knn)}
        )
        if put.status >= 400 or found.status >= 400:
            return error("scores", f"A vector cannot be searched ({reason(found.body)}).")
        score = found.body["hits"]["hits"][0]["_score"]
    finally:
        engine.call("DELETE", f"/{index}")
    if abs(bodies.cosine_of(score) - _COSINE) > SCORES_APART:
        return error(
            "scores",
            f"The cosine of a pair is {_COSINE}, and the engine makes it "
            f"{bodies.cosine_of(score):.4f}. This version is not supported; "
            "docs/engines.md lists those that are.",
        )
    return fine("scores", f"A pair whose cosine is {_COSINE} scores as it should.")


def _pair() -> tuple[list[float], list[float]]:
    one, other = np.zeros(_WIDTH), np.zeros(_WIDTH)
    one[0] = 1.0
    other[0], other[1] = _COSINE, math.sqrt(1 - _COSINE**2)
    return one.tolist(), other.tolist()


def _health(engine: Engine, naming: Naming) -> Iterator[Finding]:
    """Whether all shards are there."""
    health = engine.call("GET", f"/_cluster/health/{naming.prefix}-*").body
    if health["status"] == "red":
        yield error(
            "shards",
            "Shards of the catalogue are not there, so products are missing from "
            "searches. See `GET /_cluster/allocation/explain`.",
        )
    elif health["status"] == "yellow":
        yield warning(
            "shards",
            "Replicas of the catalogue have no node to be on. Add a node, or "
            "set number_of_replicas to 0.",
        )
    else:
        yield fine("shards", "All shards of the catalogue are there.")


def _clock(engine: Engine) -> Finding:
    """The engine's clock against ours."""
    started = time.time()
    nodes = engine.call("GET", "/_nodes/stats/os").body["nodes"]
    apart = max(abs(each["timestamp"] / 1000 - started) for each in nodes.values())
    if apart > CLOCKS_APART_S + (time.time() - started):
        return warning(
            "clock",
            f"The engine's clock and this machine's are {apart:.0f} s apart. Set both by NTP.",
        )
    return fine("clock", "The engine's clock and this machine's agree.")


def _disks(engine: Engine) -> Iterator[Finding]:
    """Each node's disk against the watermarks at which an engine acts."""
    params = {"include_defaults": "true", "flat_settings": "true"}
    settings = engine.call("GET", "/_cluster/settings", params=params).body
    known = settings["defaults"] | settings["persistent"] | settings["transient"]
    if str(known.get("cluster.routing.allocation.disk.threshold_enabled")).lower() == "false":
        yield warning(
            "disk",
            "The engine's disk watermarks are off, so a full disk may damage "
            "indices. Turn cluster.routing.allocation.disk.threshold_enabled on.",
        )
    path = "cluster.routing.allocation.disk.watermark."
    marks = {each: known.get(path + each) or _USUAL[each] for each in _WATERMARKS}
    for node in engine.call("GET", "/_nodes/stats/fs").body["nodes"].values():
        yield _disk(node["name"], node["fs"]["total"], marks)


def _disk(name: str, disk: Mapping[str, int], marks: Mapping[str, str]) -> Finding:
    total, free = disk["total_in_bytes"], disk["available_in_bytes"]
    used = 100 * (1 - free / total)
    reached = [each for each in _WATERMARKS if _is_over(marks[each], total, free)]
    if not reached:
        return fine("disk", f"The disk of {name} is {used:.0f}% full.")
    level = error if reached[-1] == "flood_stage" else warning
    return level(
        "disk",
        f"The disk of {name} is {used:.0f}% full, over the {reached[-1]} "
        f"watermark ({marks[reached[-1]]}): {_ADVICE[reached[-1]]}. Free some.",
    )


def _is_over(mark: str, total: int, free: int) -> bool:
    """Whether a disk is over a watermark: a share that is used, or bytes that are free."""
    if mark.endswith("%"):
        return 100 * (1 - free / total) > float(mark[:-1])
    units = {"tb": 1 << 40, "gb": 1 << 30, "mb": 1 << 20, "kb": 1 << 10, "b": 1}
    unit = next(each for each in units if mark.lower().endswith(each))
    return free < float(mark[: -len(unit)]) * units[unit]
