"""Vectors of real photographs, as many as are asked for: each photograph with crops, mirror images
and shifts of it, through the built-in model.

    python -m bench.photo_vectors FOLDER COUNT FILE.npy"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageOps

from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import ImageInput, builtin_pack_folder, load_pack
from lookalike.embedding.preprocess import prepare

BATCH = 64
SMALL = 256
"""Pictures are brought to this size first, since each is varied many times."""


def variants(path: Path, count: int, image: ImageInput, chance: np.random.Generator) -> Iterator[
    NDArray[np.uint8]
]:  # fmt: skip
    """The photograph cropped, mirrored and shifted by chance, as the model takes it."""
    with Image.open(path) as opened:
        opened.draft("RGB", (SMALL, SMALL))
        whole = opened.convert("RGB")
    whole.thumbnail((SMALL, SMALL))
    for _ in range(count):
        width, height = whole.size
        keep = chance.uniform(0.6, 1.0)
        left = int(chance.uniform(0, 1 - keep) * width)
        top = int(chance.uniform(0, 1 - keep) * height)
        box = (left, top, left + int(keep * width), top + int(keep * height))
        varied = whole.crop(box)
        if chance.random() < 0.5:
            varied = ImageOps.mirror(varied)
        varied = ImageChops.offset(varied, *(int(each) for each in chance.integers(-8, 9, 2)))
        yield prepare(varied, image)


def photo_vectors(folder: Path, count: int) -> NDArray[np.float32]:
    """[count, dimensions], each row of unit length, in an order by chance."""
    pack = load_pack(builtin_pack_folder())
    embedder, chance = OnnxEmbedder(pack, 2), np.random.default_rng(1)
    paths = sorted(folder.rglob("*.jpg"))
    each = -(-count // len(paths))
    pictures = (
        picture for path in cycle(paths) for picture in variants(path, each, pack.image, chance)
    )
    made = []
    for start in range(0, count, BATCH):
        batch = np.stack(list(islice(pictures, min(BATCH, count - start))))
        made.append(embedder.images(batch))
        print(f"\r{start + len(batch):,} of {count:,}", end="", file=sys.stderr)
    vectors = np.concatenate(made)
    return vectors[chance.permutation(count)]


def main() -> None:
    folder, count, target = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    np.save(target, photo_vectors(folder, count))


if __name__ == "__main__":
    main()
