"""From texts to the tokens that a pack's text graph takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from lookalike.embedding import packs
from lookalike.embedding.packs import Pack
from lookalike.errors import Misconfigured

TokenIds = NDArray[np.int64]
"""[batch, context]."""


class Tokens:
    """The tokenizer of a pack. Share it between threads.

    Raises `Misconfigured` where it cannot be loaded.
    """

    def __init__(self, pack: Pack) -> None:
        self._context = pack.context
        self._tokenizer = _tokenizer(pack)

    def ids(self, texts: Sequence[str]) -> TokenIds:
        """One row a text, cut at the end, or padded, to the model's length."""
        # One by one: a batch would start a pool of threads that the settings do not bound.
        ids = [self._tokenizer.encode(text).ids for text in texts]
        return np.array(ids, dtype=np.int64).reshape(-1, self._context)


def _tokenizer(pack: Pack) -> Tokenizer:
    path = pack.folder / packs.TOKENIZER
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise Misconfigured(f"{path} cannot be loaded: {error}. Make the pack again.") from error
    tokenizer.enable_truncation(pack.context)
    tokenizer.enable_padding(**((tokenizer.padding or {}) | {"length": pack.context}))
    return tokenizer
