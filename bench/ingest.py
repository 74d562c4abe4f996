"""Ingest of real photographs beside a bare loop: `python -m bench.ingest [FOLDER] [N]`.

The bare loop calls the same decoder and the same embedder, with the same threads, on files that it
reads from the disk; the service fetches them from loopback, over its queue, into its index."""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from bench.measuring import Caller, NoInternet, fresh_folder, machine, serving
from lookalike.bootstrap import make_accounts
from lookalike.catalog.product import Facts
from lookalike.catalog.text import enriched_text
from lookalike.demo.pictures import CONTENT_TYPES, PictureHost
from lookalike.embedding.making import BATCH_SIZE, FETCHES_AT_ONCE
from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import builtin_pack_folder, load_pack
from lookalike.embedding.pictures import PictureReader

BATCH = 100


def bare(pictures: list[Path]) -> float:
    """Pictures a second through decoder and embedder alone, texts embedded too."""
    pack = load_pack(builtin_pack_folder())
    reader, embedder = PictureReader(NoInternet(), pack, 50), OnnxEmbedder(pack, 2)

    def read(picture: Path) -> object:
        return reader.from_bytes(picture.read_bytes())

    embedder.images(np.zeros((BATCH_SIZE, pack.image.size, pack.image.size, 3), np.uint8))
    started = time.perf_counter()
    with ThreadPoolExecutor(FETCHES_AT_ONCE) as pool:
        prepared = pool.map(read, pictures)
        batch = []
        for picture in prepared:
            batch.append(picture)
            if len(batch) == BATCH_SIZE:
                embedder.images(np.stack(batch))
                batch = []
        if batch:
            embedder.images(np.stack(batch))
    embedder.texts([enriched_text(Facts(name=picture.stem)) for picture in pictures])
    return len(pictures) / (time.perf_counter() - started)


def service(
    folder: Path, pictures: list[Path], work: Path, **environment: str
) -> tuple[float, float]:
    """Products a second until all are embedded, and products a second of the uploads alone."""
    settings = fresh_folder(work)
    key = make_accounts(settings).open() or ""
    with (
        PictureHost(folder, 0) as host,
        serving(settings, LOOKALIKE_FETCH_ALLOW=f"127.0.0.1:{host.port}", **environment) as (
            url,
            _,
        ),
    ):
        caller = Caller(url, key)

        def upload(some: list[Path]) -> None:
            products = [
                {"title": each.stem, "image_url": host.url_of(each), "external_id": str(each)}
                for each in some
            ]
            caller.call("POST", "/v1/catalog/products", {"products": products})

        def wait_for(count: int) -> None:
            path = "/v1/catalog/products?embedding_status=completed&limit=1"
            while caller.call("GET", path)["total"] < count:
                time.sleep(0.05)

        upload(pictures[:1])
        wait_for(1)  # the worker has started and loaded its model
        started = time.perf_counter()
        for start in range(1, len(pictures), BATCH):
            upload(pictures[start : start + BATCH])
        uploaded = time.perf_counter()
        wait_for(len(pictures))
        ended = time.perf_counter()
    return len(pictures) / (ended - started), len(pictures) / (uploaded - started)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/shops").resolve()
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    pictures = sorted(each for each in folder.rglob("*") if each.suffix.lower() in CONTENT_TYPES)[
        :count
    ]
    print(machine(), f"{len(pictures)} photographs of {folder.name}")
    with tempfile.TemporaryDirectory() as work:
        alone = bare(pictures)
        embedded, uploaded = service(folder, pictures, Path(work))
    ratio = embedded / alone
    print(f"bare decode + embed    {alone:7.1f} a second")
    print(f"service, to embedded   {embedded:7.1f} a second")
    print(f"service, uploads alone {uploaded:7.1f} a second")
    print(f"ratio {ratio:.2f} of at least 0.80 {'ok' if ratio >= 0.8 else 'UNDER'}")


if __name__ == "__main__":
    main()
