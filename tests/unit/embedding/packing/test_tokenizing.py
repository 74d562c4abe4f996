"""Tokenizers by rule: the length, the padding, lower case, the end token."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer
from transformers import CLIPTokenizer

from lookalike.embedding.packing.export import read_export
from lookalike.embedding.packing.tokenizing import adapted_tokenizer, pads_with_its_end
from lookalike.errors import Misconfigured

LONG = "blue mug " * 200


def adapted(folder: Path, *, clean: bool = False) -> Tokenizer:
    return adapted_tokenizer(read_export(folder), clean=clean)


def with_tokens(export: Path, folder: Path, **changes: Any) -> Path:
    copy = Path(shutil.copytree(export, folder))
    path = copy / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return copy


@pytest.mark.parametrize("text", ["", "mug", "Red mug, 0.5 l!", "шапка 🧢 牛乳", LONG])
def test_every_text_has_the_model_s_length(clip: Path, siglip: Path, text: str) -> None:
    assert len(adapted(clip).encode(text).ids) == 77
    assert len(adapted(siglip).encode(text).ids) == 64


def test_the_end_token_stays_where_a_text_is_cut(clip: Path, siglip: Path) -> None:
    for export, start, end in ((clip, "<|startoftext|>", "<|endoftext|>"), (siglip, None, "<eos>")):
        tokenizer = adapted(export)
        tokens = tokenizer.encode(LONG).tokens
        assert tokens[-1] == end
        assert start is None or tokens[0] == start
        assert tokens.count(end) == 1


def test_clip_pads_with_its_end_token_and_siglip_with_a_token_of_its_own(
    clip: Path, siglip: Path
) -> None:
    tokenizer = adapted(clip)
    tokens = tokenizer.encode("mug").tokens
    assert tokens[4:] == ["<|endoftext|>"] * 73
    assert pads_with_its_end(tokenizer)
    tokenizer = adapted(siglip)
    assert tokenizer.encode("mug").tokens == ["mug", "<eos>"] + ["<pad>"] * 62
    assert tokenizer.encode("mug").ids[2:] == [0] * 62
    assert not pads_with_its_end(tokenizer)


def test_siglip_2_gets_the_lower_case_that_its_file_does_not_ask_for(siglip: Path) -> None:
    plain = Tokenizer.from_file(str(siglip / "tokenizer.json"))
    assert plain.encode("Red MUG").tokens == ["Red", "<unk>", "<eos>"]
    tokenizer = adapted(siglip)
    assert tokenizer.encode("Red MUG ШАПКА").tokens[:4] == ["red", "mug", "шапка", "<eos>"]


def test_clip_is_in_lower_case_once(clip: Path) -> None:
    tokenizer = adapted(clip)
    assert tokenizer.encode("RED").ids == tokenizer.encode("red").ids
    assert tokenizer.to_str().count('"Lowercase"') == 1


def test_a_tokenizer_that_keeps_case_on_purpose_keeps_it(siglip: Path, tmp_path: Path) -> None:
    export = with_tokens(siglip, tmp_path / "export", tokenizer_class="XLMRobertaTokenizer")
    (export / "config.json").write_text('{"model_type": "clip"}')
    config = json.loads((export / "preprocessor_config.json").read_text())
    config["image_processor_type"] = "CLIPImageProcessor"
    (export / "preprocessor_config.json").write_text(json.dumps(config))
    assert adapted(export).encode("Red").tokens[0] == "Red"


@pytest.mark.parametrize("how", ["named", "by its class"])
def test_texts_are_cleaned_for_models_that_never_saw_punctuation(
    siglip: Path, tmp_path: Path, how: str
) -> None:
    kind = "SiglipTokenizer" if how == "by its class" else "OtherTokenizer"
    export = with_tokens(siglip, tmp_path / "export", tokenizer_class=kind)
    tokenizer = adapted(export, clean=how == "named")
    assert tokenizer.encode("  A_red -- mug,\n of... [blue]!").tokens[:6] == [
        "a", "red", "mug", "of", "blue", "<eos>",
    ]  # fmt: skip


def test_punctuation_stays_for_siglip_2(siglip: Path) -> None:
    assert adapted(siglip).encode("red, mug").tokens[:4] == ["red", ",", "mug", "<eos>"]


def test_the_same_ids_as_the_reference_tokenizer_of_clip(clip: Path, tmp_path: Path) -> None:
    export = Path(shutil.copytree(clip, tmp_path / "export"))
    theirs = CLIPTokenizer(vocab=adapted(clip).get_vocab(), merges=[])
    theirs.backend_tokenizer.save(str(export / "tokenizer.json"))
    ours = adapted(export)
    for text in ("red mug", "Red  MUG, 0.5 l!", "", LONG, "don't"):
        ids = theirs(text, padding="max_length", max_length=77, truncation=True)["input_ids"]
        assert ours.encode(text).ids == ids


def test_no_token_to_pad_with(siglip: Path, tmp_path: Path) -> None:
    export = with_tokens(siglip, tmp_path / "export", pad_token="<nowhere>")
    tokenizer = json.loads((export / "tokenizer.json").read_text())
    del tokenizer["model"]["vocab"]["<pad>"]
    (export / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(Misconfigured, match="no pad_token that it knows"):
        adapted(export)


def test_half_of_a_tokenizer(clip: Path, tmp_path: Path) -> None:
    export = Path(shutil.copytree(clip, tmp_path / "export"))
    (export / "tokenizer.json").write_text((clip / "tokenizer.json").read_text()[:500])
    with pytest.raises(Misconfigured, match=r"tokenizer\.json cannot be loaded"):
        adapted(export)
