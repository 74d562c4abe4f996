"""Small exports, a hub that serves them, and a small manifest to try packs with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packing.making import Workshop
from tests.servers.hub import Hub, Repository
from tests.unit.embedding.packing.exports import clip_export, siglip_export, small_manifest

CLIP, SIGLIP = "maker/clip", "maker/siglip"


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP-shaped export."""
    return clip_export(tmp_path_factory.mktemp("exports") / "clip")


@pytest.fixture(scope="session")
def siglip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SigLIP-shaped export."""
    return siglip_export(tmp_path_factory.mktemp("exports") / "siglip")


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty products with two pictures each."""
    return small_manifest(tmp_path_factory.mktemp("manifest"))


@pytest.fixture(scope="session")
def workshop(manifest: Path) -> Workshop:
    return Workshop(run=lambda pack: OnnxEmbedder(pack, 1), manifest=manifest, threads=1)


def point_at(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What HF_ENDPOINT does when it is there at the start of a process."""
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub(clip: Path, siglip: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that has both exports, and that the hub's client of this process talks to."""
    with Hub() as hub:
        hub.repositories = {CLIP: Repository(clip), SIGLIP: Repository(siglip)}
        point_at(hub, monkeypatch)
        yield hub
