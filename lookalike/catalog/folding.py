"""Folding: the one function that text passes through before any engine matches it, so that every
engine matches alike. Stored text is never changed by it."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_BARE_SCRIPTS = ("LATIN", "GREEK")
_SHORT = 128


@lru_cache(maxsize=4096)
def _loses_accents(letter: str) -> bool:
    """й, ї and が are letters of their own, so only Latin and Greek ones lose their accents."""
    return unicodedata.name(letter, "").startswith(_BARE_SCRIPTS)


def fold(text: str) -> str:
    """NFKC, casefold, and Latin and Greek letters without their accents.

    'CAFÉ' and 'cafe' fold alike, so do 'Молоко' and 'молоко'; a folded text folds to itself.
    """
    return _folded_short(text) if len(text) <= _SHORT else _folded(text)


@lru_cache(maxsize=4096)
def _folded_short(text: str) -> str:
    """Brands and categories: a catalogue says the same ones over and over."""
    return _folded(text)


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if folded.isascii():
        return folded
    kept: list[str] = []
    bare = False
    for letter in unicodedata.normalize("NFD", folded):
        if not unicodedata.combining(letter):
            bare = _loses_accents(letter)
        elif bare:
            continue
        kept.append(letter)
    return unicodedata.normalize("NFC", "".join(kept))
