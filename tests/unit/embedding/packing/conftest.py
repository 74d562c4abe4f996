"""Small exports, a hub that serves them, and a small manifest to try packs with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
from PIL import Image

from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packing.making import Workshop
from tests.servers.hub import Hub, Repository
from tests.unit.embedding.packing.exports import clip_export, siglip_export

CLIP, SIGLIP = "maker/clip", "maker/siglip"
COLORS = ("red", "blue", "green", "black", "white", "yellow")


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
    """Thirty products with two pictures each: patches of colour, and the same a little changed."""
    folder = tmp_path_factory.mktemp("manifest")
    chance = np.random.default_rng(5)
    lines = []
    for number in range(30):
        coarse = chance.integers(0, 256, (4, 4, 3)).astype(np.int16)
        for view in range(2):
            seen = np.clip(coarse + chance.integers(-20, 20, coarse.shape), 0, 255)
            picture = Image.fromarray(seen.astype(np.uint8)).resize((60, 40 + 10 * view))
            name = f"{number}-{view}.png"
            picture.save(folder / name)
            color = COLORS[number % len(COLORS)]
            lines.append(
                {
                    "product_id": str(number),
                    "title": f"{color.title()} mug {number}",
                    "description": f"A {color} mug of stoneware, number {number}.",
                    "image": name,
                }
            )
    path = folder / "products.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


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
