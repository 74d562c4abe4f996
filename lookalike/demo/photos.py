"""A folder of the user's own pictures as a catalogue."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from lookalike.demo.rows import CatalogueRow
from lookalike.errors import Misconfigured

MANIFEST = "products.jsonl"
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"}


def read_photos(folder: Path) -> list[CatalogueRow]:
    """The rows of `products.jsonl` in the folder, or else one product a picture file.

    Raises `Misconfigured` where there are no pictures, or a line cannot be used.
    """
    manifest = folder / MANIFEST
    rows = _from_manifest(manifest) if manifest.is_file() else _from_names(folder)
    if not any(not row.is_query for row in rows):
        raise Misconfigured(
            f"There are no products in {folder}. Put pictures there (JPEG, PNG, WebP, GIF or AVIF)."
        )
    return rows


def _from_manifest(manifest: Path) -> list[CatalogueRow]:
    rows = []
    for number, line in enumerate(manifest.read_text().splitlines(), 1):
        if line.strip():
            try:
                rows.append(_row(manifest.parent, json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise Misconfigured(
                    f"{manifest}, line {number} cannot be used: {error!r}."
                ) from error
    return rows


def _row(folder: Path, line: dict[str, Any]) -> CatalogueRow:
    image = (folder / line["image"]).resolve()
    if not image.is_relative_to(folder.resolve()):
        raise ValueError("the image lies outside the folder")
    if not image.is_file():
        raise ValueError(f"there is no picture {line['image']}")
    return CatalogueRow(
        id=str(line["id"]),
        product_id=str(line.get("product_id", line["id"])),
        title=str(line["title"]),
        image=image,
        is_query=line.get("split") == "query",
        category=" > ".join(line.get("category") or ()) or None,
        brand=line.get("brand"),
        price=line.get("price"),
        currency=line.get("currency"),
        description=line.get("description"),
        color=line.get("color"),
    )


def _from_names(folder: Path) -> list[CatalogueRow]:
    files = (file for file in folder.rglob("*") if file.suffix.lower() in PICTURES)
    rows = []
    for image in sorted(file.resolve() for file in files if file.is_file()):
        if image.is_relative_to(folder.resolve()):
            name = image.relative_to(folder.resolve()).as_posix()
            title = _title(image.stem)
            rows.append(
                CatalogueRow(id=name, product_id=name, title=title, image=image, is_query=False)
            )
    return rows


def _title(stem: str) -> str:
    """'red_running-shoe 2' as 'Red running shoe 2'."""
    words = re.sub(r"[\s_-]+", " ", stem).strip()
    return (words[:1].upper() + words[1:]) or stem
