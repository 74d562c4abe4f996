"""The saved objects, held to the mappings: each panel's own aggregations, run on real engines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lookalike.catalog.product import Facts, Failure, PartState
from lookalike.index.editions import FIRST, Edition, opened
from lookalike.index.engine.events import EngineEventLog
from lookalike.index.engine.protocol import Engine
from lookalike.index.engine.setup import Naming, prepare_searches
from lookalike.index.protocol import Write
from lookalike.kibana.objects import ndjson, saved_objects
from lookalike.search.events import utc_now
from tests.contract.harness import SPACE, TENANT, connect, open_editions, product
from tests.contract.test_event_log import EVENT, STEPS

FOLDER = Path(__file__).parents[2] / "index_templates" / "kibana"
OBJECTS = [each for some in saved_objects("lookalike").values() for each in some]
PANELS = {each["id"]: each for each in OBJECTS if each["type"] == "visualization"}

Json = dict[str, Any]


@pytest.fixture(params=["elasticsearch", "opensearch"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(kind: str, server: str, prefix: str) -> Iterator[Engine]:
    """An engine with products of every status, and searches of every kind."""
    made, naming = connect(kind, server), Naming(prefix)
    editions = open_editions(kind, server, prefix)
    first = Edition(name=FIRST, pack="-", model=SPACE.model, dimensions=SPACE.dimensions)
    state = opened(editions, first)
    index = editions.open(state.serving, state.epoch)
    facts = Facts(
        name="Mug",
        brand="Acme",
        category_path="Home > Mugs",
        price=12.0,
        currency="USD",
        image_url="https://shop.example/a.jpg",
    )
    done = replace(product("A"), facts=facts, updated_at=utc_now())
    failed = replace(
        done, key="B", image=PartState.FAILED, failure=Failure("It is gone.", "refused")
    )
    owed = replace(done, key="C", image=PartState.OWED)
    bare = replace(done, key="D", facts=replace(facts, image_url=None), image=PartState.ABSENT)
    off = replace(done, key="E", is_active=False)
    index.write(TENANT, [Write(each, None) for each in (done, failed, owed, bare, off)])
    index.refresh()
    prepare_searches(made, naming)
    event = replace(EVENT, at=utc_now(), image_host="shop.example")
    EngineEventLog(made, naming).append([event, replace(event, results=0, best_score=None)])
    made.call("POST", f"/{prefix}-searches-*/_refresh")
    yield made
    made.close()


def indices(panel: Json, prefix: str) -> str:
    """The indices of the data view that a panel looks at."""
    [view] = [each["id"] for each in panel["references"]]
    [titles] = [each["attributes"]["title"] for each in OBJECTS if each["id"] == view]
    return prefix + str(titles).removeprefix("lookalike")


def state(panel: Json) -> Json:
    return dict(json.loads(panel["attributes"]["visState"]))


def request(panel: Json) -> Json:
    """What Kibana asks for a panel: its splits around each other, its numbers innermost."""
    source = json.loads(panel["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert source["query"]["language"] == "lucene"
    text = source["query"]["query"] or "*"
    aggregations = state(panel)["aggs"]
    inner = {
        each["id"]: asked(each)
        for each in aggregations
        if each["schema"] == "metric" and each["type"] != "count"
    }
    for each in reversed([each for each in aggregations if each["schema"] != "metric"]):
        inner = {each["id"]: asked(each) | ({"aggs": inner} if inner else {})}
    return {"size": 0, "query": {"query_string": {"query": text}}, "aggs": inner}


def asked(aggregation: Json) -> Json:
    """One aggregation in the engine's words."""
    params, kind = aggregation["params"], aggregation["type"]
    body: Json = {"field": params["field"]}
    if kind == "terms":
        body |= {"size": params["size"], "order": {"_count": params["order"]}}
    elif kind == "histogram":
        body |= {"interval": params["interval"]}
    elif kind == "date_histogram":
        body |= {"calendar_interval": {"auto": "hour", "d": "day"}[params["interval"]]}
    elif kind == "percentiles":
        body |= {"percents": params["percents"]}
    return {kind: body}


def fields_of(panel: Json) -> set[str]:
    source = json.loads(panel["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    queried = re.findall(r"([@\w]+):", source["query"]["query"].replace("_exists_:", " "))
    existing = re.findall(r"_exists_:([@\w]+)", source["query"]["query"])
    grouped = [each["params"]["field"] for each in state(panel)["aggs"] if each["type"] != "count"]
    return {*queried, *existing, *grouped}


def test_the_files_are_those_of_the_source() -> None:
    made = {f"{name}.ndjson": ndjson(each) for name, each in saved_objects("lookalike").items()}
    assert {each.name: each.read_text() for each in FOLDER.iterdir()} == made


def test_every_reference_leads_somewhere() -> None:
    ids = {(each["type"], each["id"]) for each in OBJECTS}
    assert len(ids) == len(OBJECTS)
    for each in OBJECTS:
        assert {(to["type"], to["id"]) for to in each["references"]} <= ids
    for each in (each for each in OBJECTS if each["type"] == "dashboard"):
        panels = json.loads(each["attributes"]["panelsJSON"])
        named = [to["name"] for to in each["references"]]
        assert [panel["panelRefName"] for panel in panels] == named
        assert all(panel["gridData"]["x"] + panel["gridData"]["w"] <= 48 for panel in panels)


def test_every_panel_is_on_a_dashboard() -> None:
    shown = {
        to["id"] for each in OBJECTS if each["type"] == "dashboard" for to in each["references"]
    }
    assert shown == PANELS.keys()


def test_every_field_is_in_the_mapping_and_can_be_counted(engine: Engine, prefix: str) -> None:
    for panel in PANELS.values():
        fields = fields_of(panel)
        if not fields:
            continue
        path = f"/{indices(panel, prefix)}/_field_caps"
        known = engine.call("GET", path, params={"fields": ",".join(sorted(fields))}).body["fields"]
        assert known.keys() == fields, state(panel)["title"]
        for field, kinds in known.items():
            assert all(each["aggregatable"] for each in kinds.values()), field


@pytest.mark.parametrize("id", PANELS)
def test_every_panel_shows_something(engine: Engine, prefix: str, id: str) -> None:
    panel = PANELS[id]
    answer = engine.call("POST", f"/{indices(panel, prefix)}/_search", request(panel))
    assert answer.status == 200, answer.body
    assert answer.body["hits"]["total"]["value"] > 0, state(panel)["title"]
    for aggregation in answer.body.get("aggregations", {}).values():
        assert shows(aggregation), (state(panel)["title"], aggregation)


def shows(aggregation: Json) -> bool:
    """Whether there is a number in it, or in each part of it."""
    if "buckets" in aggregation:
        inner = [
            each
            for bucket in aggregation["buckets"]
            for each in bucket.values()
            if isinstance(each, dict) and ("buckets" in each or "value" in each)
        ]
        return bool(aggregation["buckets"]) and all(map(shows, inner))
    if "values" in aggregation:
        return all(isinstance(each, float) for each in aggregation["values"].values())
    return "value" in aggregation


def test_every_step_of_a_search_has_a_field_and_a_line() -> None:
    source = (Path(__file__).parents[2] / "lookalike" / "search" / "searcher.py").read_text()
    assert set(re.findall(r'\.step\("(\w+)"\)', source)) == set(STEPS)
    drawn = {field for panel in PANELS.values() for field in fields_of(panel)}
    assert {f"{step}_ms" for step in STEPS} <= drawn
