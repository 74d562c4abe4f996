"""Search over HTTP beside the bare work it consists of: `python -m bench.search [N …]`.

By product: beside numpy's scan of the same vectors. By picture: beside decode + embed + scan.
By words, and with filters, for what they cost. Then the memory that all of it takes."""

from __future__ import annotations

import base64
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.measuring import (
    Caller,
    NoInternet,
    fill,
    fresh_folder,
    machine,
    resident_mb,
    serving,
    summary,
    times_ms,
    times_of_callers_ms,
)
from lookalike.demo.sample import draw_sample
from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import builtin_pack_folder, load_pack
from lookalike.embedding.pictures import PictureReader
from lookalike.settings import Settings

CALLS = 200
SEARCH = "/v1/catalog/search"


def measure(settings: Settings, count: int, picture: bytes) -> None:
    key, ids, vectors = fill(settings, count)
    pack = load_pack(builtin_pack_folder())
    reader, embedder = PictureReader(NoInternet(), pack, 50), OnnxEmbedder(pack, 2)
    encoded = base64.b64encode(picture).decode()

    def scan(number: int) -> None:
        cosines = vectors @ vectors[number]
        np.argpartition(cosines, -20)[-20:]

    def look(_: int) -> None:
        query = embedder.images(reader.from_bytes(base64.b64decode(encoded))[None])[0]
        np.argpartition(vectors @ query, -20)[-20:]

    bare_scan, bare_look = times_ms(scan, CALLS), times_ms(look, CALLS)
    print(f"\n{count:,} products x {pack.dimensions}")
    print(f"  bare scan                        {summary(bare_scan)}")
    print(f"  bare decode + embed + scan       {summary(bare_look)}")
    with serving(settings) as (url, pid):

        def calling(asked: Callable[[int], dict[str, object]]) -> list[float]:
            """Each call asks something else, since query vectors are remembered."""
            caller = Caller(url, key)
            return times_ms(lambda number: caller.call("POST", SEARCH, asked(number)), CALLS)

        def by_product() -> object:
            caller = Caller(url, key)
            return lambda number: caller.call("POST", SEARCH, {"product_id": ids[number]})

        one = times_of_callers_ms(by_product, 1, CALLS)  # type: ignore[arg-type]
        four = times_of_callers_ms(by_product, 4, CALLS)  # type: ignore[arg-type]
        looks = calling(lambda number: {"image_base64": varied(picture, number)})
        again = calling(lambda _: {"image_base64": encoded})
        print(f"  by product_id, 1 caller          {summary(one)}")
        print(f"  by product_id, 4 callers         {summary(four)}")
        print(f"  by image_base64                  {summary(looks)}")
        print(f"  by image_base64, the same again  {summary(again)}")
        words = calling(lambda number: {"query": f"product number {number}"})
        print(f"  by words                         {summary(words)}")
        filters = {"category": "Outerwear", "max_price": 100}
        filtered = calling(lambda number: {"product_id": ids[number], **filters})
        print(f"  by product_id, filtered to 8%    {summary(filtered)}")
        megabytes = vectors.nbytes / 1e6
        print(f"  resident {resident_mb(pid):,.0f} MB (3 processes), vectors {megabytes:,.0f} MB")
    scan_ms, look_ms = statistics.median(bare_scan), statistics.median(bare_look)
    judge("by product_id", statistics.median(one), 3 * scan_ms + 3)
    judge("by image_base64", statistics.median(looks), look_ms + 5)


def varied(picture: bytes, number: int) -> str:
    """The same picture as another file: what follows the end of a picture is not looked at."""
    return base64.b64encode(picture + number.to_bytes(4, "big")).decode()


def judge(name: str, ms: float, most: float) -> None:
    """Prints a median beside its bound, 3 x the bare scan + 3 ms or the bare look + 5 ms."""
    print(f"  {name}: {ms:.2f} of at most {most:.2f} ms {'ok' if ms <= most else 'OVER'}")


def main() -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        drawn = draw_sample(Path(folder) / "drawn")[0].image.read_bytes()
        for count in map(int, sys.argv[1:] or ["10000", "100000"]):
            measure(fresh_folder(Path(folder)), count, drawn)


if __name__ == "__main__":
    main()
