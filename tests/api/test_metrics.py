"""What the operators' port tells. `tests/e2e/test_metrics.py` reads it from real processes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from flask import Flask
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.registry import Collector

from lookalike.bootstrap import Services
from lookalike.errors import Misconfigured, PictureReason
from lookalike.index.protocol import Counts, ProductIndex
from tests.api.harness import Api, Internet
from tests.api.test_pipeline import AwayModel
from webapp.metrics import Standing

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()


def families(of: Collector | CollectorRegistry) -> dict[str, tuple[str, ...]]:
    """The labels of each of our families, by name."""
    found: dict[str, tuple[str, ...]] = {}
    for family in of.collect():
        if family.name.startswith("lookalike_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = tuple(sorted({label for each in family.samples for label in each.labels}))
    return found


def gauges(services: Services) -> dict[str, float]:
    """The gauges without labels."""
    return {
        each.name: each.value
        for family in Standing(services).collect()
        for each in family.samples
        if not each.labels
    }


def test_every_metric_is_documented_and_no_other(api: Api) -> None:
    there = families(REGISTRY) | families(Standing(api.services))
    assert set(re.findall(r"^\| `(lookalike_\w+)` \|", PAGE, re.MULTILINE)) == set(there)


def test_every_reason_of_a_missing_picture_is_documented() -> None:
    [row] = re.findall(r"^\| `lookalike_pictures_total` \|.*$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) >= {each.value for each in PictureReason}


def test_how_things_stand(api: Api) -> None:
    api.upload()
    told = gauges(api.services)
    assert (
        told["lookalike_index_up"] == told["lookalike_queue_up"] == told["lookalike_model_up"] == 1
    )
    assert told["lookalike_queue_due"] == 1
    assert 0 <= told["lookalike_queue_oldest_due_seconds"] < 60
    api.work()
    assert gauges(api.services)["lookalike_queue_due"] == 0


def test_what_is_away_is_told_and_the_rest_too(
    make_app: Callable[..., tuple[Flask, Services, Internet]],
) -> None:
    _, services, _ = make_app(redis_url="redis://127.0.0.1:1/0")
    told = gauges(replace(services, embedder=AwayModel(services.pack)))
    assert (told["lookalike_queue_up"], told["lookalike_model_up"]) == (0, 0)
    assert told["lookalike_index_up"] == 1
    assert "lookalike_queue_due" not in told


class RefusingIndex:
    """An index whose engine refuses our key, as when it has been revoked."""

    def counts(self, tenant: str | None) -> Counts:
        raise Misconfigured("The engine refuses our key.")


def test_an_engine_that_refuses_us_hides_nothing_else(api: Api) -> None:
    refused = replace(api.services, index=cast("ProductIndex", RefusingIndex()))
    told = gauges(refused)
    assert told["lookalike_index_up"] == 0
    assert told["lookalike_queue_up"] == told["lookalike_model_up"] == 1


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_what_searches_and_pictures_cost_is_counted(api: Api) -> None:
    pictures = count("lookalike_picture_seconds_count")
    api.upload()
    api.upload(external_id="gone", image_url="https://example.com/gone.jpg")
    api.internet.pictures.pop("https://example.com/gone.jpg")
    api.work()
    assert count("lookalike_picture_seconds_count") == pictures + 2  # a missing one took time, too

    read = count("lookalike_matrices_total", source="read")
    held = count("lookalike_matrices_total", source="held")
    for _ in range(3):
        assert api.post("/search", {"query": "mug"}).status_code == 200
    assert count("lookalike_matrices_total", source="read") == read + 2  # of pictures, of words
    assert count("lookalike_matrices_total", source="held") == held + 4


def test_the_room_for_data_is_told_where_there_is_a_folder(api: Api) -> None:
    told = gauges(api.services)
    assert 0 < told["lookalike_data_free_bytes"] <= told["lookalike_data_size_bytes"]
    settings = replace(api.services.settings, data_dir=Path("/no/such/folder"))
    elsewhere = gauges(replace(api.services, settings=settings))
    assert "lookalike_data_free_bytes" not in elsewhere
    assert elsewhere["lookalike_index_up"] == 1


def test_products_of_all_tenants_are_counted_together(api: Api) -> None:
    api.upload()
    other, _ = api.services.accounts.create_tenant("Other shop", "starter")
    assert api.services.index.counts(other.id).stored == 0
    assert api.services.index.counts(None).stored == 1


def test_what_a_stranger_makes_up_becomes_no_label(api: Api) -> None:
    api.client.open("/no/such/page-f00d", method="FOOD")
    labels = {
        value
        for family in REGISTRY.collect()
        for sample in family.samples
        for value in sample.labels.values()
    }
    assert {"none", "other"} <= labels
    assert not [value for value in labels if "f00d" in value.lower() or "food" in value.lower()]


def test_the_public_port_does_not_answer_metrics(api: Api) -> None:
    assert api.client.get("/metrics").status_code == 404
