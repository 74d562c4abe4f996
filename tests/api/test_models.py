"""A pack that was pulled serves a catalogue: chosen by its name, filled, and searched."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
from click.testing import CliRunner
from flask import Flask
from redis import Redis

from lookalike.bootstrap import Services, make_pipeline
from lookalike.cli import main
from lookalike.commands import models
from tests.api.harness import Api, Internet
from tests.servers.hub import Hub, Repository
from tests.unit.embedding.packing.exports import clip_export, siglip_export, small_manifest


@pytest.mark.parametrize(
    ("make_export", "weights"),
    [(clip_export, "float32"), (siglip_export, "float32"), (siglip_export, "int8")],
)
def test_from_the_hub_to_a_search(  # noqa: PLR0917
    make_export: Callable[[Path], Path],
    weights: str,
    make_app: Callable[..., tuple[Flask, Services, Internet]],
    redis_client: Redis,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    manifest = small_manifest(elsewhere)
    monkeypatch.setattr(models, "_drawn", lambda settings: manifest)
    monkeypatch.setenv("LOOKALIKE_DATA_DIR", str(tmp_path))
    with Hub() as hub:
        hub.repositories["maker/small"] = Repository(make_export(elsewhere / "export"))
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        pulled = CliRunner().invoke(
            main, ["models", "pull", "maker/small", "--weights", weights, "--name", "mine"]
        )
    assert pulled.exit_code == 0, pulled.output
    app, services, internet = make_app(model_pack="mine")
    key = services.accounts.open()
    assert key is not None
    api = Api(
        app.test_client(),
        key,
        internet,
        services,
        make_pipeline(services, services.shared.watch.state()),
        redis_client,
    )
    for number in range(10):
        url = f"https://example.com/{number}.png"
        internet.pictures[url] = (elsewhere / f"{number}-0.png").read_bytes()
        api.upload(external_id=str(number), title=f"Product {number}", image_url=url)
    api.work()

    def found(**asked: Any) -> list[str]:
        answer = api.post("/search", {"similarity_threshold": 0, "max_results": 3, **asked})
        assert answer.status_code == 200, answer.text
        return [each["external_id"] for each in (answer.json or {})["results"]]

    for number in range(10):
        seen_again = base64.b64encode((elsewhere / f"{number}-1.png").read_bytes()).decode()
        assert found(image_base64=seen_again)[0] == str(number)
    assert found(query="product 7")[0] == "7"
    in_use = CliRunner().invoke(main, ["models", "remove", "mine"])
    assert "mine is in use" in in_use.output
    api.pipeline.close()
    services.index.close()
