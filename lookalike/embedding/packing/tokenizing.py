"""The tokenizer of a pack: the export's own, with all that its model expects written into the one
file `tokenizer.json`: the length, the padding, lower case, and no punctuation where there was none
in training."""

from __future__ import annotations

from tokenizers import Regex, Tokenizer, normalizers

from lookalike.embedding import packs
from lookalike.embedding.packing.export import Export, Family, Json
from lookalike.errors import Misconfigured

_PUNCTUATION = r"[!-/:-@\[-`{-~]"
"""Python's string.punctuation, which those who trained these models removed."""

_CLEANED = ("Siglip", "T5")
"""Tokenizer classes of SigLIP 1, whose texts were cleaned in Python before."""

_USUAL_PADS = {Family.CLIP: "<|endoftext|>", Family.SIGLIP: "<pad>"}


def adapted_tokenizer(export: Export, *, clean: bool = False) -> Tokenizer:
    """The tokenizer, giving exactly as many ids as the model takes, the end token among them.

    Raises `Misconfigured` where it cannot be read or has nothing to pad with.
    """
    path = export.folder / packs.TOKENIZER
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise Misconfigured(f"{path} cannot be loaded: {error}. Fetch it again.") from error
    pad, number = _pad(export, tokenizer)
    _normalise(tokenizer, export, clean=clean)
    tokenizer.enable_truncation(export.context)
    tokenizer.enable_padding(
        direction=str(export.tokens.get("padding_side", "right")),
        pad_id=number,
        pad_token=pad,
        length=export.context,
    )
    return tokenizer


def pads_with_its_end(tokenizer: Tokenizer) -> bool:
    """Whether the padding is the token that ends every text, as in CLIP."""
    padding = tokenizer.padding
    assert padding is not None
    plain = Tokenizer.from_str(tokenizer.to_str())
    plain.no_padding()
    return padding["pad_id"] in plain.encode("").ids


def _pad(export: Export, tokenizer: Tokenizer) -> tuple[str, int]:
    in_file = (tokenizer.padding or {}).get("pad_token")
    for token in (_token(export.tokens, "pad_token"), in_file, _USUAL_PADS.get(export.family)):
        if token is not None and (number := tokenizer.token_to_id(token)) is not None:
            return token, number
    raise Misconfigured(
        f"The tokenizer in {export.folder} has no pad_token that it knows. Name it in "
        "tokenizer_config.json."
    )


def _token(tokens: Json, name: str) -> str | None:
    token = tokens.get(name)
    found = token.get("content") if isinstance(token, dict) else token
    return found if isinstance(found, str) else None


def _normalise(tokenizer: Tokenizer, export: Export, *, clean: bool) -> None:
    named = str(export.tokens.get("tokenizer_class", ""))
    siglip = export.family is Family.SIGLIP
    # SigLIP 2's tokenizer is Gemma's, which says nothing of the lower case that it was trained on.
    lower = siglip or named.startswith("CLIP") or bool(export.tokens.get("do_lower_case"))
    clean = clean or (siglip and named.startswith(_CLEANED))
    own = tokenizer.normalizer
    first: list[normalizers.Normalizer] = []
    if lower and '"Lowercase"' not in tokenizer.to_str():
        first.append(normalizers.Lowercase())
    if clean:
        first += [
            normalizers.Replace("_", " "),
            normalizers.Replace(Regex(_PUNCTUATION), ""),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    if first:
        tokenizer.normalizer = normalizers.Sequence([*first, *([own] if own else [])])
