"""What is asked of Prometheus: the expressions of the alerts and of the dashboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "observability"
DASHBOARD = FOLDER / "grafana" / "dashboards" / "lookalike.json"


def alert_expressions() -> list[str]:
    """Those of the alerts."""
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """The panels of the dashboard, without the titles of its rows."""
    every = json.loads(DASHBOARD.read_text())["panels"]
    return [each for each in every if each["type"] != "row"]


def panel_expressions() -> list[str]:
    """Those of the dashboard, over a minute where Grafana chooses."""
    return [
        target["expr"].replace("$__rate_interval", "1m")
        for panel in panels()
        for target in panel["targets"]
    ]


def expressions() -> list[str]:
    """All."""
    return alert_expressions() + panel_expressions()
