"""What Prometheus and Grafana are given, held to the metrics that are declared, to the compose file
that mounts it, and to the page that explains it. `tests/e2e/test_prometheus.py` runs it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from lookalike.telemetry import metrics
from tests.observability import DASHBOARD, FOLDER, expressions, panels

ROOT = FOLDER.parent
PAGE = (ROOT / "docs" / "metrics.md").read_text()
PROMETHEUS_OWN = {"ALERTS": {"alertname", "alertstate"}}
WORDS = {"and", "or", "unless", "on", "by", "ignoring", "without"}


def documented() -> dict[str, set[str]]:
    """The labels of each series, by name, as the page has them: `tests/api/test_metrics.py` holds
    the page to the declarations."""
    found = dict(PROMETHEUS_OWN)
    for name, labels, text in re.findall(r"^\| `(lookalike_\w+)` \| (.*?) ?\| (.*)$", PAGE, re.M):
        declared = set(re.findall(r"`(\w+)`", labels))
        found[name] = declared
        if "a histogram" in text:
            del found[name]
            found |= {f"{name}_bucket": declared | {"le"}}
            found |= {f"{name}_{end}": declared for end in ("sum", "count")}
    return found


SERIES = documented()


def used(expression: str) -> tuple[set[str], set[str]]:
    """The names of series in an expression of PromQL, and the labels that it asks for."""
    labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression))
    text = re.sub(r"\"[^\"]*\"", "", expression)
    for group in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", text):
        labels |= set(re.findall(r"\w+", group))
    bare = re.sub(r"\b(?:by|on)\s*\([^)]*\)|\{[^}]*\}|\[[^]]*\]", " ", text)
    words = set(re.findall(r"\b[A-Za-z_]\w*\b(?!\s*\()", bare))
    return words - WORDS, labels


def test_an_expression_is_taken_apart() -> None:
    names, labels = used(
        'sum by (code) (rate(some_total{a="b{", c=~"d"}[5m])) / vector(0) or other'
    )
    assert names == {"some_total", "other"}
    assert labels == {"code", "a", "c"}


@pytest.mark.parametrize("expression", expressions())
def test_expressions_name_only_series_and_labels_that_there_are(expression: str) -> None:
    names, labels = used(expression)
    assert names, expression
    assert names <= set(SERIES)
    assert labels <= {label for name in names for label in SERIES[name]}


def test_every_metric_is_looked_at_by_somebody() -> None:
    seen = {name for each in expressions() for name in used(each)[0]}
    whole = {re.sub(r"_(bucket|sum|count)$", "", name) for name in seen}
    declared = {re.sub(r"_(bucket|sum|count)$", "", name) for name in SERIES}
    assert whole == declared


def test_the_page_has_the_labels_and_histograms_that_are_declared() -> None:
    declared = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    assert len(declared) > 15
    for each in declared:
        [told] = each.describe()
        ends = {"counter": "_total", "histogram": "_bucket"}
        series = told.name + ends[told.type]
        assert SERIES[series] - {"le"} == set(each._labelnames)


def test_every_alert_is_explained_and_tried_and_no_other() -> None:
    alerts = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    names = [each["alert"] for each in alerts]
    assert len(set(names)) == len(names)
    assert re.findall(r"^\| `(Lookalike\w+)` \|", PAGE, re.M) == names
    tried = (FOLDER / "alerts_test.yml").read_text()
    assert set(re.findall(r"Lookalike\w+", tried)) == set(names)
    for each in alerts:
        assert each["labels"]["severity"] in {"critical", "warning", "info"}
        assert each["annotations"]["summary"].endswith(".")


def test_the_page_says_for_how_long() -> None:
    """An alert that itself looks back says how long in all."""
    alerts = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    for each in alerts:
        row = re.search(rf"^\| `{each['alert']}` \| (?:(\d+) min)? ?\|", PAGE, re.M)
        assert row is not None
        told = int(row[1] or 0)
        assert told >= int(each.get("for", "0m").removesuffix("m")), each["alert"]


def test_the_panels_fill_the_rows_and_have_units_and_words() -> None:
    ids = [each["id"] for each in json.loads(DASHBOARD.read_text())["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            asked = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert asked <= used(target["expr"])[1], panel["title"]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return made


def test_prometheus_reads_the_port_that_our_services_open(services: dict[str, Any]) -> None:
    scraped = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    named = {name for each in scraped for sd in each["dns_sd_configs"] for name in sd["names"]}
    assert named == {"web", "worker"}
    for each in scraped:
        [found] = each["dns_sd_configs"]
        assert found["type"] == "A"
        for name in found["names"]:
            environment = services[name]["environment"]
            assert environment["LOOKALIKE_METRICS_PORT"] == str(found["port"])
            shared = set(services[name]["networks"]) & set(services["prometheus"]["networks"])
            assert shared == {"backend"}


def test_grafana_finds_what_is_mounted(services: dict[str, Any]) -> None:
    mounts = dict(each.split(":")[:2] for each in services["grafana"]["volumes"])
    inside = {target: ROOT / source for source, target in mounts.items() if source.startswith(".")}
    provider = yaml.safe_load(
        (FOLDER / "grafana/provisioning/dashboards/lookalike.yml").read_text()
    )
    [dashboards] = provider["providers"]
    assert (inside[dashboards["options"]["path"]] / DASHBOARD.name).samefile(DASHBOARD)
    home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{dashboards['options']['path']}/{DASHBOARD.name}"
    source = yaml.safe_load(
        (FOLDER / "grafana/provisioning/datasources/prometheus.yml").read_text()
    )
    [prometheus] = source["datasources"]
    assert prometheus["url"] == "http://prometheus:9090"
    assert set(services["grafana"]["networks"]) <= set(services["prometheus"]["networks"])
    assert inside["/etc/grafana/provisioning"].samefile(FOLDER / "grafana" / "provisioning")
