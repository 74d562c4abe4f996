"""A folder of the user's own pictures as a catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from lookalike.demo.pictures import CONTENT_TYPES
from lookalike.demo.rows import CatalogueRow
from lookalike.errors import Misconfigured

MANIFEST = "products.jsonl"

Line = Mapping[str, object]
"""A line of the manifest: `image` (below the folder), `id` and `title`, and as far as known
`product_id`, `category` (a list), `brand`, `price`, `currency`, `description`, `color`, `split`."""


def read_photos(folder: Path) -> list[CatalogueRow]:
    """The rows of `products.jsonl` in the folder, or else one product a picture file.

    Raises `Misconfigured` where there are no products, or one of them cannot be used.
    """
    if not folder.is_dir():
        raise Misconfigured(f"There is no folder {folder}. Name one that holds your pictures.")
    manifest = folder / MANIFEST
    rows = _from_manifest(manifest) if manifest.is_file() else _from_names(folder)
    if all(row.is_query for row in rows):
        raise Misconfigured(
            f"There are no products in {folder}. Put pictures there (JPEG, PNG, WebP, GIF or AVIF)."
        )
    return rows


def _from_manifest(manifest: Path) -> list[CatalogueRow]:
    rows: dict[str, CatalogueRow] = {}
    for number, line in enumerate(manifest.read_bytes().split(b"\n"), 1):
        if line.strip():
            try:
                row = _row(manifest.parent, _parsed(line))
                if row.id in rows:
                    raise ValueError(f"an earlier line has the id {row.id!r}, too")
            except ValueError as error:
                raise Misconfigured(f"{manifest}, line {number}: {error}.") from error
            rows[row.id] = row
    return list(rows.values())


def _parsed(line: bytes) -> Line:
    try:
        parsed = json.loads(line)
    except ValueError as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(parsed, dict):
        raise ValueError("it is not a JSON object")
    return parsed


def _row(folder: Path, line: Line) -> CatalogueRow:
    key = _needed(line, "id")
    return CatalogueRow(
        id=key,
        product_id=_text(line, "product_id") or key,
        title=_needed(line, "title"),
        image=_picture(folder, folder / _needed(line, "image")),
        is_query=line.get("split") == "query",
        category=_category(line),
        brand=_text(line, "brand"),
        price=_price(line),
        currency=_text(line, "currency"),
        description=_text(line, "description"),
        color=_text(line, "color"),
    )


def _needed(line: Line, name: str) -> str:
    if text := _text(line, name):
        return text
    raise ValueError(f"`{name}` is missing")


def _text(line: Line, name: str) -> str | None:
    value = line.get(name)
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f"`{name}` must be text")


def _category(line: Line) -> str | None:
    segments = line.get("category") or []
    if isinstance(segments, list) and all(isinstance(segment, str) for segment in segments):
        return " > ".join(segments) or None
    raise ValueError("`category` must be a list of texts, from the widest to the narrowest")


def _price(line: Line) -> float | None:
    price = line.get("price")
    if price is None or (isinstance(price, int | float) and not isinstance(price, bool)):
        return price
    raise ValueError("`price` must be a number")


def _from_names(folder: Path) -> list[CatalogueRow]:
    files = (file for file in folder.rglob("*") if file.suffix.lower() in CONTENT_TYPES)
    return [_named(folder, file) for file in sorted(files) if not file.is_dir()]


def _named(folder: Path, file: Path) -> CatalogueRow:
    name = file.relative_to(folder).as_posix()
    try:
        image = _picture(folder, file)
    except ValueError as error:
        raise Misconfigured(f"{folder}: {error}.") from error
    return CatalogueRow(
        id=name, product_id=name, title=_title(file.stem), image=image, is_query=False
    )


def _picture(folder: Path, file: Path) -> Path:
    """The file, once it is certain that the picture host will serve it."""
    image = file.resolve()
    if not image.is_relative_to(folder.resolve()):
        raise ValueError(f"the picture {file} lies outside the folder")
    if image.suffix.lower() not in CONTENT_TYPES:
        raise ValueError(f"{file} is no JPEG, PNG, WebP, GIF or AVIF")
    if not image.is_file():
        raise ValueError(f"there is no picture {file}")
    return image


def _title(stem: str) -> str:
    """'red_running-shoe 2' as 'Red running shoe 2'."""
    words = re.sub(r"[\s_-]+", " ", stem).strip() or stem
    return words[0].upper() + words[1:]
