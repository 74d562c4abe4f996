"""The demo: the whole system started, filled with a catalogue of pictures, and searched."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from lookalike.accounts.keys import Wanted
from lookalike.bootstrap import make_accounts
from lookalike.demo.client import DemoClient
from lookalike.demo.contact_sheet import Answered, RankedAnswer, contact_sheet
from lookalike.demo.photos import read_photos
from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from lookalike.demo.sample import draw_sample
from lookalike.errors import LookalikeError, Misconfigured
from lookalike.running.system import System, data_folder, running
from lookalike.settings import Settings

BATCH = 100
SEARCHES = 5
ANSWERS = 5
EMBEDDED_WITHIN_S = 600
"""Without any progress for this long, the demo gives up."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One search of the demo: what with, and what came back."""

    row: CatalogueRow
    how: str
    results: list[dict[str, Any]]


def run_demo(settings: Settings, photos: Path | None, once: bool) -> bool:
    """Runs the demo, serving on until Ctrl-C unless `once`; True if every product completed.

    Its data folder, and so its picture URLs, stay the same from start to start: a second run finds
    everything embedded.
    """
    console = Console()
    # Its own lines are what the user reads; the processes speak only when something is wrong.
    settings = replace(data_folder(settings, "demo", _folder_name(photos)), log_level="warning")
    drawn = settings.data_dir / "pictures"
    rows = read_photos(photos) if photos else draw_sample(drawn)
    with (
        _picture_host(photos or drawn, settings.data_dir) as host,
        running(_reading_from(host, settings)) as system,
        _own_key(system) as key,
    ):
        client = DemoClient(system.url, key)
        everything = _fill(console, client, host, rows)
        asked = _ask(console, client, rows)
        sheet = settings.data_dir / "contact-sheet.png"
        _sheet(rows, asked).save(sheet)
        _print_answers(console, rows, asked)
        _print_addresses(console, client, host.url_of(rows[-1].image), sheet)
        if not once:
            console.print("Serving until Ctrl-C; the key above is revoked then.")
            _wait_for_interrupt()
    return everything


def _folder_name(photos: Path | None) -> str:
    if photos is None:
        return "sample"
    return "photos-" + hashlib.sha256(str(photos.resolve()).encode()).hexdigest()[:12]


@contextmanager
def _picture_host(folder: Path, data_dir: Path) -> Iterator[PictureHost]:
    """Serves the pictures on the port of the first run, since the port is part of their URLs."""
    data_dir.mkdir(parents=True, exist_ok=True)
    remembered = data_dir / "pictures.port"
    port = int(remembered.read_text()) if remembered.exists() else 0
    with PictureHost(folder, port) as host:
        remembered.write_text(str(host.port))
        yield host


def _reading_from(host: PictureHost, settings: Settings) -> Settings:
    return replace(settings, fetch_allow=(*settings.fetch_allow, f"127.0.0.1:{host.port}"))


@contextmanager
def _own_key(system: System) -> Iterator[str]:
    """A key made for this run and revoked at its end."""
    accounts = make_accounts(system.settings)
    tenant = accounts.tenant(None).id
    key, text = accounts.create_key(tenant, Wanted(label="demo"))
    try:
        yield text
    finally:
        accounts.revoke_key(tenant, key.id)


def _fill(
    console: Console, client: DemoClient, host: PictureHost, rows: Sequence[CatalogueRow]
) -> bool:
    """Uploads the catalogue and waits until it is embedded; True if every product completed."""
    products = [_upload_of(row, host) for row in rows if not row.is_query]
    known = client.get("/v1/catalog/products?embedding_status=completed&limit=1")["total"]
    if known:
        console.print(f"{known} products were embedded already, by an earlier run.")
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        uploading = progress.add_task("Uploading", total=len(products))
        for start in range(0, len(products), BATCH):
            batch = products[start : start + BATCH]
            answer = client.post("/v1/catalog/products", {"products": batch})
            for each in answer["results"]:
                if each["status"] == "failed":
                    console.print(f"{each['external_id']}: {each['error']} {each.get('errors')}")
            progress.advance(uploading, len(batch))
        embedding = progress.add_task("Embedding", total=len(products))
        for owed in _until_none_owed(client):
            progress.update(embedding, completed=len(products) - owed)
    failed = client.get("/v1/catalog/products?embedding_status=failed&limit=20")
    for each in failed["products"]:
        console.print(f"{each['external_id']}: {each['embedding_error']}")
    done = client.get("/v1/catalog/products?embedding_status=completed&limit=1")
    return bool(done["total"] >= len(products) and failed["total"] == 0)


def _upload_of(row: CatalogueRow, host: PictureHost) -> dict[str, Any]:
    return {
        "external_id": row.id,
        "title": row.title,
        "image_url": host.url_of(row.image),
        "category": row.category,
        "brand": row.brand,
        "price": row.price,
        "currency": row.currency,
        "description": row.description,
    }


def _until_none_owed(client: DemoClient) -> Iterator[int]:
    """How many products are still owed, again and again until none is."""
    last, since = -1, time.monotonic()
    while True:
        owed = client.get("/v1/catalog/products?embedding_status=pending&limit=1")["total"]
        yield owed
        if owed == 0:
            return
        if owed != last:
            last, since = owed, time.monotonic()
        if time.monotonic() - since > EMBEDDED_WITHIN_S:
            raise Misconfigured(
                f"{owed} products are still not embedded, and nothing moves: the worker's lines "
                "above say why."
            )
        time.sleep(0.1)


def _ask(console: Console, client: DemoClient, rows: Sequence[CatalogueRow]) -> list[Asked]:
    """Searches by pictures whose answer is known, by products of the catalogue, and by words."""
    queries = [row for row in rows if row.is_query]
    products = [row for row in rows if not row.is_query]
    wanted = [
        *(("picture", row) for row in _spread(queries or products, SEARCHES)),
        *(("product", row) for row in _spread(products, 2, phase=24)),
        *(("words", row) for row in _spread(products, 1, phase=117)),
    ]
    asked = []
    for how, row in wanted:
        try:
            asked.append(Asked(row, how, _search(client, _subject(client, how, row))))
        except LookalikeError as error:
            console.print(f"{row.title}, by {how}: {error.detail}")
    return asked


def _subject(client: DemoClient, how: str, row: CatalogueRow) -> dict[str, str]:
    """What a search by a row's picture, product or words sends."""
    if how == "picture":
        return {"image_base64": base64.b64encode(row.image.read_bytes()).decode()}
    if how == "words":
        return {"query": row.title}
    listed = client.get(f"/v1/catalog/products?external_id={quote(row.id, safe='')}")
    return {"product_id": listed["products"][0]["id"]}


def _search(client: DemoClient, subject: dict[str, str]) -> list[dict[str, Any]]:
    # Threshold 0: the demo shows the ranking, also where the built-in model is unsure.
    asked = {**subject, "max_results": ANSWERS, "similarity_threshold": 0}
    results: list[dict[str, Any]] = client.post("/v1/catalog/search", asked)["results"]
    return results


def _spread(rows: Sequence[CatalogueRow], count: int, phase: int = 0) -> list[CatalogueRow]:
    """About `count` different rows from all over the catalogue, of as many kinds and colours."""
    step = len(rows) // count + 3
    places = dict.fromkeys((phase + step * turn) % len(rows) for turn in range(count))
    return [rows[place] for place in places]


def _is_right(asked: Asked, result: dict[str, Any], rows: dict[str, CatalogueRow]) -> bool:
    row = rows.get(result["external_id"] or "")
    return row is not None and row.product_id == asked.row.product_id


def _sheet(rows: Sequence[CatalogueRow], asked: Sequence[Asked]) -> Any:
    by_id = {row.id: row for row in rows if not row.is_query}
    return contact_sheet(
        [
            Answered(
                label=each.row.title if each.how == "words" else f"{each.row.title} ({each.how})",
                picture=None if each.how == "words" else each.row.image,
                answers=[
                    RankedAnswer(
                        picture=by_id[result["external_id"]].image,
                        title=result["title"],
                        score=result["similarity_score"],
                        is_right=_is_right(each, result, by_id),
                    )
                    for result in each.results
                    if result["external_id"] in by_id
                ],
            )
            for each in asked
        ]
    )


def _print_answers(console: Console, rows: Sequence[CatalogueRow], asked: Sequence[Asked]) -> None:
    by_id = {row.id: row for row in rows if not row.is_query}
    table = Table("searched with", "found", "score", title="Answers", title_justify="left")
    for each in asked:
        for rank, result in enumerate(each.results[:3]):
            mark = " ✓" if _is_right(each, result, by_id) else ""
            table.add_row(
                f"{each.how}: {each.row.title}" if rank == 0 else "",
                result["title"] + mark,
                f"{result['similarity_score']:.2f}",
                end_section=rank == len(each.results[:3]) - 1,
            )
    console.print(table)


def _print_addresses(console: Console, client: DemoClient, query_url: str, sheet: Path) -> None:
    body = json.dumps({"image_url": query_url, "max_results": 3})
    headers = f"-H 'X-API-Key: {client.key}' -H 'Content-Type: application/json'"
    lines = {
        "Contact sheet": sheet,
        "API documentation": f"{client.url}/docs/",
        "API key": client.key,
        "Try it": f"curl -s {client.url}/v1/catalog/search {headers} -d '{body}'",
    }
    for name, text in lines.items():
        console.print(f"{name:18} {text}", soft_wrap=True, highlight=False, markup=False)


def _wait_for_interrupt() -> None:
    threading.Event().wait()
