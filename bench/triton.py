"""Worker and query path on a Triton server beside bare gRPC calls:
`python -m bench.triton [FOLDER] [N]`.

The server is the one of LOOKALIKE_TEST_TRITON_URL, or the tests' own, started on this machine; it
serves the pack in the folder LOOKALIKE_MODEL_PACK, or the built-in one. The bare calls are those of
Triton's own client, on pictures that are decoded and texts that are tokens already; the service
fetches the same pictures from loopback. On a server of the tests' own both are measured once more
with a model that takes none of this machine's processors (`elsewhere_model.py`)."""

from __future__ import annotations

import base64
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import tritonclient.grpc as triton
from numpy.typing import NDArray

from bench.ingest import service
from bench.measuring import Caller, NoInternet, fresh_folder, machine, serving
from lookalike.bootstrap import make_accounts
from lookalike.catalog.product import Facts
from lookalike.catalog.text import enriched_text
from lookalike.demo.pictures import CONTENT_TYPES
from lookalike.embedding.packs import Pack, builtin_pack_folder, load_pack
from lookalike.embedding.pictures import PictureReader
from lookalike.embedding.tokenizing import Tokens
from lookalike.embedding.towers import Tower, image_tower, text_tower, version
from lookalike.embedding.triton import TritonEmbedder, TritonModel
from lookalike.embedding.triton_wire import BATCH, QUERY, Wire
from tests.servers.running import start
from tests.servers.triton import MODEL, Triton

BATCHES = (8, 16, 32)
CALLERS = 4
QUERIES = 100

ELSEWHERE = Path(__file__).with_name("elsewhere_model.py")

Rows = NDArray[np.generic]
Shown = tuple[Path, list[Path]]
"""A folder, and those of its photographs that are shown."""


@contextmanager
def server(pack: Pack, model: Path = MODEL) -> Iterator[str]:
    """The URL of a Triton of this machine that serves a pack."""
    started = start(Triton(pack=pack, model=model), os.getpid())
    try:
        yield started.url
    finally:
        started.keeper.terminate()
        started.keeper.wait()


class Bare:
    """Triton's own client, for one thread, at a priority."""

    def __init__(self, url: str, pack: Pack, priority: int) -> None:
        self._priority = priority
        self._client = triton.InferenceServerClient(urlsplit(url).netloc)
        self._version = str(version(pack))

    def call(self, tower: Tower, rows: Rows) -> None:
        """One inference."""
        kind = {"uint8": "UINT8", "int64": "INT64"}[tower.takes.kind]
        given = triton.InferInput(tower.takes.name, rows.shape, kind)
        given.set_data_from_numpy(rows)
        asked = {"model_version": self._version, "priority": self._priority}
        answer = self._client.infer(tower.name, [given], **asked)
        answer.as_numpy(tower.gives.name)


def bare(url: str, pack: Pack, given: Mapping[Tower, Rows], size: int) -> float:
    """Rows of each tower a second, in batches of a size by several callers."""
    work = [
        (tower, rows[start : start + size])
        for tower, rows in given.items()
        for start in range(0, len(rows), size)
    ]
    clients = [Bare(url, pack, BATCH.priority) for _ in range(CALLERS)]

    def some(number: int) -> None:
        for tower, rows in work[number::CALLERS]:
            clients[number].call(tower, rows)

    started = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as threads:
        list(threads.map(some, range(CALLERS)))
    return len(given[image_tower(pack)]) / (time.perf_counter() - started)


def query_ms(url: str, pack: Pack, pixels: Rows) -> tuple[float, float]:
    """Medians of one picture: by Triton's own client, and by our embedder for queries, in turns."""
    client = Bare(url, pack, QUERY.priority)
    ours = TritonEmbedder(TritonModel(pack, Wire(url)), QUERY)
    taken: dict[str, list[float]] = {"bare": [], "ours": []}
    for number in range(QUERIES + 5):
        one = pixels[number % len(pixels)][None]
        begun = time.perf_counter()
        client.call(image_tower(pack), one)
        between = time.perf_counter()
        ours.images(one)
        taken["bare"].append((between - begun) * 1000)
        taken["ours"].append((time.perf_counter() - between) * 1000)
    return statistics.median(taken["bare"][5:]), statistics.median(taken["ours"][5:])


def search_ms(url: str, pictures: Sequence[Path], work: Path) -> float:
    """The median of the step `embed` of searches by picture, through the web."""
    settings = fresh_folder(work)
    key = make_accounts(settings).open() or ""
    with serving(settings, LOOKALIKE_TRITON_URL=url) as (address, _):
        caller, taken = Caller(address, key), []
        for number in range(QUERIES + 5):
            picture = pictures[number % len(pictures)].read_bytes()
            asked = {"image_base64": base64.b64encode(picture).decode()}
            answer = caller.call("POST", "/v1/catalog/search", asked)
            taken.append(answer["steps_ms"]["embed"])
    return statistics.median(taken[5:])


def throughput(url: str, pack: Pack, given: Mapping[Tower, Rows], shown: Shown) -> None:
    """Prints products a second, a picture and a text each: bare calls, and the service."""
    rates = {size: bare(url, pack, given, size) for size in BATCHES}
    with tempfile.TemporaryDirectory() as work:
        embedded, _ = service(*shown, Path(work), LOOKALIKE_TRITON_URL=url)
    for size, rate in rates.items():
        print(f"bare gRPC, batches of {size:2}      {rate:7.1f} products a second")
    print(f"worker + Triton              {embedded:7.1f} products a second")
    ratio = embedded / max(rates.values())
    print(f"ratio {ratio:.2f} of at least 0.90 {'ok' if ratio >= 0.9 else 'UNDER'}")


def latency(url: str, pack: Pack, pixels: Rows, pictures: Sequence[Path]) -> None:
    """Prints what one picture takes: bare, by our embedder, and in a search."""
    alone, ours = query_ms(url, pack, pixels)
    with tempfile.TemporaryDirectory() as work:
        searched = search_ms(url, pictures, Path(work))
    print(f"one picture, bare gRPC       {alone:7.2f} ms median")
    print(f"one picture, our embedder    {ours:7.2f} ms median")
    print(f"step `embed` of a search     {searched:7.2f} ms median")
    added = ours - alone
    print(f"added {added:.2f} ms of at most 3 ms {'ok' if added <= 3 else 'OVER'}")


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/shops").resolve()
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    pictures = sorted(each for each in folder.rglob("*") if each.suffix.lower() in CONTENT_TYPES)[
        :count
    ]
    pack = load_pack(Path(os.environ.get("LOOKALIKE_MODEL_PACK") or builtin_pack_folder()))
    print(machine(), f"{len(pictures)} photographs of {folder.name}, pack {pack.name}")
    reader = PictureReader(NoInternet(), pack, 50)
    pixels = np.stack([reader.from_bytes(each.read_bytes()) for each in pictures])
    ids = Tokens(pack).ids([enriched_text(Facts(name=each.stem)) for each in pictures])
    given = {image_tower(pack): pixels, text_tower(pack): ids}
    named = os.environ.get("LOOKALIKE_TEST_TRITON_URL")
    with nullcontext(named) if named else server(pack) as url:
        throughput(url, pack, given, (folder, pictures))
        latency(url, pack, pixels, pictures)
    if not named:
        print("with a model that takes none of this machine's processors:")
        with server(pack, ELSEWHERE) as url:
            throughput(url, pack, given, (folder, pictures))


if __name__ == "__main__":
    main()
