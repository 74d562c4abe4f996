"""The app over real parts: SQLite, Valkey, the built-in model. Only the internet is a stand-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from lookalike.bootstrap import Services, make_pipeline, make_services
from lookalike.embedding.pictures import PictureReader
from lookalike.search.remembering import QueryVectors
from lookalike.search.searcher import Searcher
from lookalike.settings import Settings
from tests.api.harness import Api, Internet
from webapp.app import create_app


@pytest.fixture
def make_app(tmp_path: Path, redis_url: str) -> Callable[..., tuple[Flask, Services, Internet]]:
    def make(**changes: Any) -> tuple[Flask, Services, Internet]:
        settings = replace(Settings(data_dir=tmp_path, redis_url=redis_url), **changes)
        services, internet = make_services(settings), Internet()
        pictures = PictureReader(internet, services.pack, settings.max_megapixels)
        known = QueryVectors(services.shared.memory, services.pack.digest, services.pack.dimensions)
        searcher = Searcher(services.index, services.embedder, pictures, known)
        services = replace(services, pictures=pictures, searcher=searcher)
        return create_app(services), services, internet

    return make


@pytest.fixture
def api(
    make_app: Callable[..., tuple[Flask, Services, Internet]], redis_client: Redis
) -> Iterator[Api]:
    app, services, internet = make_app()
    key = services.accounts.open()
    assert key is not None
    pipeline = make_pipeline(services, services.shared.watch.state())
    yield Api(app.test_client(), key, internet, services, pipeline, redis_client)
    pipeline.close()
    services.index.close()
