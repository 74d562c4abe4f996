"""Tokens: what of a text is matched by words. Texts and queries pass through here alike, before any
engine sees them; engines only split what comes out at its spaces."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from lookalike.catalog.folding import fold

_DECIMAL = re.compile(r"(?<=\d)[.,](?=\d)")
_CJK = re.compile(
    "[\u1100-\u11ff\u3041-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af]+"
)
_POINT = "\ue000"
"""Stands for a decimal point while a text is split at its other punctuation."""


def tokens(text: str) -> list[str]:
    """The tokens of a text, in order, with repeats.

    Letters, marks, numbers and symbols make tokens; white space and punctuation part them, but for
    the point or comma inside a number. Runs of Chinese, Japanese and Korean, which are written
    without spaces, become pairs of neighbouring letters.
    """
    spaced = _DECIMAL.sub(_POINT, fold(text)).translate(_SPACED)
    if _CJK.search(spaced) is None:
        return spaced.replace(_POINT, ".").split()
    return [token for word in spaced.split() for token in _parted(word.replace(_POINT, "."))]


class _Spaced(dict[int, str]):
    """What each letter, by its code point, becomes before words are parted at spaces."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        keeps = letter == _POINT or unicodedata.category(letter)[0] in "LMNS"
        self[code] = letter if keeps else " "
        return self[code]


_SPACED = _Spaced()


def _parted(word: str) -> list[str]:
    """A word as it is, with its runs of CJK letters as pairs."""
    parts: list[str] = []
    end = 0
    for run in _CJK.finditer(word):
        parts += [word[end : run.start()], *_pairs(run[0])]
        end = run.end()
    return [part for part in (*parts, word[end:]) if part]


def _pairs(run: str) -> list[str]:
    return [one + other for one, other in pairwise(run)] or [run]
