"""Fetches every server before the tests begin: `python -m tests.servers`. What this machine cannot
run is told, and left to the tests, which are then skipped, or fail in CI."""

from __future__ import annotations

from tests.servers.elasticsearch import Elasticsearch
from tests.servers.needs import NotHere
from tests.servers.opensearch import OpenSearch
from tests.servers.prometheus import Prometheus
from tests.servers.triton import Triton

for recipe in (Elasticsearch(), OpenSearch(), Triton(), Prometheus()):
    try:
        recipe.fetch()
    except NotHere as error:
        print(f"{recipe.name}: {error}")
