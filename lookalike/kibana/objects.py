"""Panels as saved objects. Aggregation-based visualizations, because Kibana and OpenSearch
Dashboards read the same ones (Lens is Kibana's alone)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lookalike.kibana.panels import (
    DASHBOARDS,
    TIME_FIELDS,
    Dashboard,
    Number,
    Panel,
    Shape,
    Split,
    View,
)

Json = dict[str, Any]

_VERSION = "7.10.0"
"""Objects are written as Kibana 7.10 did, of which OpenSearch Dashboards is made. They name no
version of their own, so that a later Kibana takes them through all its migrations."""

_COLUMNS = 48
"""A dashboard's width."""

_INDEX_REFERENCE = "kibanaSavedObjectMeta.searchSourceJSON.index"
_PERCENTS = [50, 95, 99]


def saved_objects(prefix: str) -> dict[str, list[Json]]:
    """All saved objects, by the name of their file, for the indices of a prefix: the data views,
    and for each dashboard its panels and itself."""
    views = [_data_view(view, prefix) for view in View]
    return {"data-views": views} | {
        each.name: [*_dashboard_with_panels(each, prefix)] for each in DASHBOARDS
    }


def ndjson(objects: Sequence[Json]) -> str:
    """Saved objects in the form that is imported: a line each."""
    return "".join(json.dumps(each, sort_keys=True) + "\n" for each in objects)


def view_id(view: View, prefix: str) -> str:
    """The id of a data view."""
    return f"{prefix}-{view.name.lower()}"


def _data_view(view: View, prefix: str) -> Json:
    title = f"{prefix}-{view.value}"
    # So that a dashboard says nothing of errors before there is a first search.
    attributes: Json = {"title": title, "allowNoIndex": True}
    if field := TIME_FIELDS.get(view):
        attributes["timeFieldName"] = field
    return _object("index-pattern", view_id(view, prefix), attributes, [])


def _dashboard_with_panels(dashboard: Dashboard, prefix: str) -> Iterator[Json]:
    ids = []
    for number, panel in enumerate(dashboard.panels, 1):
        ids.append(f"{prefix}-{dashboard.name}-{number}")
        yield _visualization(panel, ids[-1], prefix)
    yield _dashboard(dashboard, ids, prefix)


def _visualization(panel: Panel, id: str, prefix: str) -> Json:
    measured = [_measured(number, str(place)) for place, number in enumerate(panel.numbers, 1)]
    first = len(measured) + 1
    split = [
        _split(each, str(first + place), _role(panel.shape, place))
        for place, each in enumerate(panel.splits)
    ]
    state = {
        "title": panel.title,
        "type": panel.shape.value,
        "aggs": [*measured, *split],
        "params": _params(panel),
    }
    source = {
        "query": {"query": panel.only, "language": "lucene"},
        "filter": [],
        "indexRefName": _INDEX_REFERENCE,
    }
    attributes = {
        "title": f"Lookalike: {panel.title}",
        "description": "",
        "version": 1,
        "visState": json.dumps(state, sort_keys=True),
        "uiStateJSON": "{}",
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source, sort_keys=True)},
    }
    view = {"name": _INDEX_REFERENCE, "type": "index-pattern", "id": view_id(panel.view, prefix)}
    return _object("visualization", id, attributes, [view])


def _measured(number: Number, id: str) -> Json:
    params: Json = {"customLabel": number.label}
    if number.field:
        params["field"] = number.field
    if number.function == "percentiles":
        params["percents"] = _PERCENTS
    return _aggregation(id, number.function, "metric", params)


def _role(shape: Shape, place: int) -> str:
    """What a split is to the picture: its rows, its slices, its axis or its colours."""
    if shape is Shape.TABLE:
        return "bucket"
    if shape is Shape.PIE or place == 0:
        return "segment"
    return "group"


def _split(split: Split, id: str, role: str) -> Json:
    params: Json = {"field": split.field, "customLabel": split.label}
    if split.every is None:
        several = {"orderBy": "1", "order": "desc", "size": split.size}
        beyond = {"otherBucket": False, "missingBucket": False}
        return _aggregation(id, "terms", role, params | several | beyond)
    if isinstance(split.every, str):
        moments = {"interval": split.every, "min_doc_count": 1, "extended_bounds": {}}
        return _aggregation(id, "date_histogram", role, params | moments)
    params |= {"interval": split.every, "min_doc_count": True, "extended_bounds": {}}
    return _aggregation(id, "histogram", role, params)


def _aggregation(id: str, kind: str, role: str, params: Json) -> Json:
    return {"id": id, "enabled": True, "type": kind, "schema": role, "params": params}


def _params(panel: Panel) -> Json:
    """How a shape is drawn: what both programs write out themselves."""
    if panel.shape is Shape.NUMBER:
        return {
            "addTooltip": True,
            "addLegend": False,
            "type": "metric",
            "metric": {
                "percentageMode": False,
                "useRanges": False,
                "colorSchema": "Green to Red",
                "metricColorMode": "None",
                "colorsRange": [{"from": 0, "to": 10000}],
                "labels": {"show": True},
                "invertColors": False,
                "style": {
                    "bgFill": "#000",
                    "bgColor": False,
                    "labelColor": False,
                    "subText": "",
                    "fontSize": 36,
                },
            },
        }
    if panel.shape is Shape.TABLE:
        return {
            "perPage": 10,
            "showPartialRows": False,
            "showMetricsAtAllLevels": False,
            "showTotal": False,
            "totalFunc": "sum",
            "percentageCol": "",
        }
    if panel.shape is Shape.PIE:
        return {
            "type": "pie",
            "addTooltip": True,
            "addLegend": True,
            "legendPosition": "right",
            "isDonut": True,
            "labels": {"show": False, "values": True, "last_level": True, "truncate": 100},
        }
    return _axes(panel)


def _axes(panel: Panel) -> Json:
    shape, mode = panel.shape.value, "stacked" if panel.shape is Shape.BARS else "normal"
    return {
        "type": shape,
        "grid": {"categoryLines": False},
        "categoryAxes": [
            {
                "id": "CategoryAxis-1",
                "type": "category",
                "position": "bottom",
                "show": True,
                "style": {},
                "scale": {"type": "linear"},
                "labels": {"show": True, "filter": True, "truncate": 100},
                "title": {},
            }
        ],
        "valueAxes": [
            {
                "id": "ValueAxis-1",
                "name": "LeftAxis-1",
                "type": "value",
                "position": "left",
                "show": True,
                "style": {},
                "scale": {"type": "linear", "mode": "normal"},
                "labels": {"show": True, "rotate": 0, "filter": False, "truncate": 100},
                "title": {"text": panel.numbers[0].label},
            }
        ],
        "seriesParams": [
            {
                "show": True,
                "type": shape,
                "mode": mode,
                "data": {"id": str(place), "label": number.label},
                "valueAxis": "ValueAxis-1",
                "drawLinesBetweenPoints": True,
                "lineWidth": 2,
                "showCircles": True,
            }
            for place, number in enumerate(panel.numbers, 1)
        ],
        "addTooltip": True,
        "addLegend": True,
        "legendPosition": "right",
        "times": [],
        "addTimeMarker": False,
        "labels": {"show": False},
        "thresholdLine": {
            "show": False,
            "value": 10,
            "width": 1,
            "style": "full",
            "color": "#E7664C",
        },
    }


def _dashboard(dashboard: Dashboard, ids: Sequence[str], prefix: str) -> Json:
    panels, references = [], []
    places = _places(dashboard.panels)
    for number, (panel, place, id) in enumerate(zip(dashboard.panels, places, ids, strict=True), 1):
        named = f"panel_{number}"
        panels.append(
            {
                "version": _VERSION,
                "type": "visualization",
                "title": panel.title,
                "gridData": place | {"i": str(number)},
                "panelIndex": str(number),
                "embeddableConfig": {},
                "panelRefName": named,
            }
        )
        references.append({"name": named, "type": "visualization", "id": id})
    source = {"query": {"query": "", "language": "lucene"}, "filter": []}
    attributes = {
        "title": f"Lookalike: {dashboard.title}",
        "description": dashboard.about,
        "version": 1,
        "timeRestore": False,
        "optionsJSON": json.dumps({"useMargins": True, "hidePanelTitles": False}),
        "panelsJSON": json.dumps(panels, sort_keys=True),
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source, sort_keys=True)},
    }
    return _object("dashboard", f"{prefix}-{dashboard.name}", attributes, references)


def _places(panels: Sequence[Panel]) -> Iterator[Json]:
    """Where panels are: beside each other while there is room, then in a new row."""
    x = y = row = 0
    for panel in panels:
        if x + panel.wide > _COLUMNS:
            x, y, row = 0, y + row, 0
        yield {"x": x, "y": y, "w": panel.wide, "h": panel.high}
        x, row = x + panel.wide, max(row, panel.high)


def _object(kind: str, id: str, attributes: Json, references: list[Json]) -> Json:
    return {"type": kind, "id": id, "attributes": attributes, "references": references}
