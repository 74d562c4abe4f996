"""Fitting the calibrations of a pack from manifests: the form of `products.jsonl`, one picture a
line, lines with the same `product_id` showing the same product."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.catalog.product import Facts
from lookalike.catalog.text import enriched_text
from lookalike.embedding.calibration import Calibration, Pair, fit
from lookalike.embedding.pictures import PictureReader
from lookalike.embedding.protocol import Embedder, Vectors


@dataclass(frozen=True, slots=True)
class Row:
    """One picture of a manifest, with the product that it shows."""

    product: str
    picture: Path
    facts: Facts


def read_manifest(manifest: Path) -> list[Row]:
    """The rows of a `products.jsonl`. Product ids are kept apart by the manifest they stand in."""
    return [_row(manifest, json.loads(line)) for line in manifest.read_text().splitlines()]


def fit_calibrations(
    embedder: Embedder, pictures: PictureReader, manifests: Sequence[Path]
) -> dict[Pair, Calibration]:
    """One calibration a kind of pair: two pictures of a product; its title and its picture; its
    title and its enriched text. Random pairs are all those of different products.

    Raises `ValueError` where the manifests hold no such pairs, or the model cannot tell them apart.
    """
    rows = [row for manifest in manifests for row in read_manifest(manifest)]
    images = embedder.images(
        np.stack([pictures.from_bytes(row.picture.read_bytes()) for row in rows])
    )
    titles = embedder.texts([row.facts.name for row in rows])
    texts = embedder.texts([enriched_text(row.facts) for row in rows])
    same = np.equal.outer(*[np.array([row.product for row in rows])] * 2)
    compared = {
        Pair.IMAGE_IMAGE: (images, images, same & ~np.eye(len(rows), dtype=bool)),
        Pair.TEXT_IMAGE: (titles, images, same),
        Pair.TEXT_TEXT: (titles, texts, same),
    }
    return {
        pair: fit(*_cosines(one, other, wanted, ~same))
        for pair, (one, other, wanted) in compared.items()
    }


def _cosines(
    one: Vectors, other: Vectors, same: NDArray[np.bool_], random: NDArray[np.bool_]
) -> Iterator[NDArray[np.float32]]:
    cosines = one @ other.T
    yield cosines[same]
    yield cosines[random]


def _row(manifest: Path, line: dict[str, Any]) -> Row:
    facts = Facts(
        name=line["title"],
        brand=line.get("brand"),
        category_path=" > ".join(line.get("category") or ()) or None,
        description=line.get("description"),
    )
    return Row(f"{manifest}:{line['product_id']}", manifest.parent / line["image"], facts)
