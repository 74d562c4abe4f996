"""Fitting the calibrations of a model from manifests: the form of `products.jsonl`, one picture a
line, lines with the same `product_id` showing the same product."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lookalike.catalog.product import Facts
from lookalike.catalog.text import enriched_text
from lookalike.embedding.calibration import Calibration, Pair, fit
from lookalike.embedding.pictures import Picture, PictureReader
from lookalike.embedding.protocol import Embedder, Vectors
from lookalike.errors import Misconfigured, PictureUnusable

BATCH_SIZE = 32

MOST_ROWS = 2000
"""Of larger manifests a sample is measured: every row is compared with every other, and four
million cosines are enough."""


@dataclass(frozen=True, slots=True)
class Row:
    """One picture of a manifest, with the product that it shows."""

    product: str
    picture: Path
    facts: Facts


def read_manifest(manifest: Path) -> list[Row]:
    """The rows of a `products.jsonl`. Product ids are kept apart by the manifest they stand in.

    Raises `Misconfigured` naming the line that cannot be used.
    """
    rows = []
    for number, line in enumerate(manifest.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            rows.append(_row(manifest, json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Misconfigured(f"{manifest}, line {number} cannot be used: {error!r}.") from error
    return rows


def fit_calibrations(
    embedder: Embedder, pictures: PictureReader, manifests: Sequence[Path]
) -> dict[Pair, Calibration]:
    """One calibration a kind of pair: two pictures of a product; its title and its picture; its
    title and its enriched text. Random pairs are all those of different products.

    Raises `Misconfigured` for manifests that cannot be used, among them those without a product of
    two pictures or without two products.
    """
    rows = _sample([row for manifest in manifests for row in read_manifest(manifest)])
    images = _images(embedder, pictures, rows)
    titles = embedder.texts([row.facts.name for row in rows])
    texts = embedder.texts([enriched_text(row.facts) for row in rows])
    products = np.array([row.product for row in rows])
    same = products[:, None] == products
    compared = {
        Pair.IMAGE_IMAGE: (images @ images.T, same & ~np.eye(len(rows), dtype=bool)),
        Pair.TEXT_IMAGE: (titles @ images.T, same),
        Pair.TEXT_TEXT: (titles @ texts.T, same),
    }
    try:
        return {
            pair: fit(cosines[alike], cosines[~same]) for pair, (cosines, alike) in compared.items()
        }
    except ValueError as error:
        raise Misconfigured(f"These manifests cannot calibrate a model: {error}.") from error


def _sample(rows: Sequence[Row]) -> list[Row]:
    """The rows of as many products as `MOST_ROWS` hold, the same ones each time."""
    by_product: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_product[row.product].append(row)
    products = list(by_product)
    sample: list[Row] = []
    for number in np.random.default_rng(seed=0).permutation(len(products)):
        sample += by_product[products[number]]
        if len(sample) >= MOST_ROWS:
            break
    return sample[:MOST_ROWS]


def _images(embedder: Embedder, pictures: PictureReader, rows: Sequence[Row]) -> Vectors:
    made = np.empty((len(rows), embedder.pack.dimensions), dtype=np.float32)
    for start in range(0, len(rows), BATCH_SIZE):
        batch = slice(start, start + BATCH_SIZE)
        made[batch] = embedder.images(np.stack([_picture(pictures, row) for row in rows[batch]]))
    return made


def _picture(pictures: PictureReader, row: Row) -> Picture:
    try:
        return pictures.from_bytes(row.picture.read_bytes())
    except (OSError, PictureUnusable) as error:
        raise Misconfigured(f"{row.picture} cannot be used: {error}") from error


def _row(manifest: Path, line: Mapping[str, Any]) -> Row:
    facts = Facts(
        name=line["title"],
        brand=line.get("brand"),
        category_path=" > ".join(line.get("category") or ()) or None,
        description=line.get("description"),
    )
    return Row(f"{manifest}:{line['product_id']}", manifest.parent / line["image"], facts)
