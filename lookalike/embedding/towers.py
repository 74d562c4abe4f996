"""What the two graphs of every pack take and give, by the pack: the one description that whatever
runs them is checked against."""

from __future__ import annotations

from dataclasses import dataclass

from lookalike.embedding import packs
from lookalike.embedding.packs import Pack


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or an output; `kind` is numpy's word for its numbers, and the batch stands before
    `shape`."""

    name: str
    kind: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tower:
    """One of the two. `name` is that under which a model server has it, `file` where the pack
    does."""

    name: str
    file: str
    takes: Tensor
    gives: Tensor


def image_tower(pack: Pack) -> Tower:
    """Pictures in, vectors out."""
    size = pack.image.size
    return Tower(
        name="clip_image",
        file=packs.VISION,
        takes=Tensor("pixels", "uint8", (size, size, 3)),
        gives=Tensor("image_embeds", "float32", (pack.dimensions,)),
    )


def text_tower(pack: Pack) -> Tower:
    """Tokens in, vectors out."""
    return Tower(
        name="clip_text",
        file=packs.TEXT,
        takes=Tensor("input_ids", "int64", (pack.context,)),
        gives=Tensor("text_embeds", "float32", (pack.dimensions,)),
    )


def version(pack: Pack) -> int:
    """The version under which a model server has a pack. Requests name it, so that another pack
    under the same names is never taken for this one."""
    return int(pack.digest[:8], 16) or 1
