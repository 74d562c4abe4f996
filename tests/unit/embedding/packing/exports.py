"""Exports in the layout of transformers.js, small and with random weights, shaped like those of
CLIP and of SigLIP: the same names, files and rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

SIZE = 32
PATCH = 8
WIDTH = 64
DIMENSIONS = 48
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
CLIP_CONTEXT, SIGLIP_CONTEXT = 77, 64
COLORS = ("red", "blue", "green", "black", "white", "yellow")
WORDS = ("red", "blue", "green", "mug", "shoe", "lamp", "backpack", "a", "of", "шапка")


class Weights:
    """Random weights, and the nodes that use them."""

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        self.initializers: list[TensorProto] = []
        self.nodes: list[NodeProto] = []

    def random(self, name: str, *shape: int, spread: float | None = None) -> str:
        spread = shape[0] ** -0.5 if spread is None else spread
        return self.fixed(name, self._chance.normal(0, spread, shape).astype(np.float32))

    def fixed(self, name: str, value: Any) -> str:
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def save(self, path: Path, inputs: dict[str, tuple[int, Any]], outputs: dict[str, Any]) -> None:
        graph = helper.make_graph(
            self.nodes,
            "exported",
            [helper.make_tensor_value_info(name, *each) for name, each in inputs.items()],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                for name, shape in outputs.items()
            ],
            self.initializers,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="test"
        )
        onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)


def vision(path: Path, output: str, seed: int = 1, batch: str | int = "batch_size") -> None:
    """Patches, one layer, and a projection of all patches; the hidden state is given beside."""
    weights = Weights(seed)
    filters = weights.random("filters", WIDTH, 3, PATCH, PATCH, spread=(3 * PATCH**2) ** -0.5)
    weights.node(
        "Conv",
        ["pixel_values", filters],
        "patches",
        kernel_shape=[PATCH, PATCH],
        strides=[PATCH, PATCH],
    )
    weights.node("Reshape", ["patches", weights.fixed("flat", [batch_of(batch), WIDTH, -1])], "row")
    weights.node("Transpose", ["row"], "tokens", perm=[0, 2, 1])
    weights.node("MatMul", ["tokens", weights.random("layer", WIDTH, WIDTH)], "mixed")
    weights.node("Tanh", ["mixed"], "last_hidden_state")
    count = (SIZE // PATCH) ** 2 * WIDTH
    weights.node("Flatten", ["last_hidden_state"], "all_tokens")
    weights.node("MatMul", ["all_tokens", weights.random("projection", count, DIMENSIONS)], output)
    weights.save(
        path,
        {"pixel_values": (TensorProto.FLOAT, [batch, "num_channels", "height", "width"])},
        {"last_hidden_state": [batch, "tokens", WIDTH], output: [batch, DIMENSIONS]},
    )


def batch_of(batch: str | int) -> int:
    """What a Reshape needs to be told: 0 keeps the dimension."""
    return batch if isinstance(batch, int) else 0


def clip_text(path: Path, vocabulary: int, seed: int = 2) -> None:
    """Tokens and places, the mean of those that the attention mask names, and a projection."""
    weights = Weights(seed)
    weights.node("Gather", [weights.random("table", vocabulary, WIDTH, spread=1), "input_ids"], "t")
    places = weights.random("places", CLIP_CONTEXT, WIDTH, spread=0.5)
    weights.node("Add", ["t", places], "placed")
    weights.node("MatMul", ["placed", weights.random("layer", WIDTH, WIDTH)], "mixed")
    weights.node("Tanh", ["mixed"], "last_hidden_state")
    weights.node("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
    weights.node("Unsqueeze", ["mask", weights.fixed("last", np.array([2]))], "masks")
    weights.node("Mul", ["last_hidden_state", "masks"], "kept")
    weights.node("ReduceSum", ["kept", weights.fixed("along", np.array([1]))], "sum", keepdims=0)
    weights.node("MatMul", ["sum", weights.random("out", WIDTH, DIMENSIONS)], "text_embeds")
    ids = ["batch_size", "sequence_length"]
    weights.save(
        path,
        {"input_ids": (TensorProto.INT64, ids), "attention_mask": (TensorProto.INT64, ids)},
        {
            "text_embeds": ["batch_size", DIMENSIONS],
            "last_hidden_state": ["batch_size", "sequence_length", WIDTH],
        },
    )


def siglip_text(path: Path, vocabulary: int, seed: int = 3) -> None:
    """Tokens and places, all of them summed, the padding too."""
    weights = Weights(seed)
    weights.node("Gather", [weights.random("table", vocabulary, WIDTH, spread=1), "input_ids"], "t")
    places = weights.random("places", SIGLIP_CONTEXT, WIDTH, spread=0.5)
    weights.node("Add", ["t", places], "placed")
    weights.node("MatMul", ["placed", weights.random("layer", WIDTH, WIDTH)], "mixed")
    weights.node("Tanh", ["mixed"], "last_hidden_state")
    weights.node(
        "ReduceSum",
        ["last_hidden_state", weights.fixed("along", np.array([1]))],
        "sum",
        keepdims=0,
    )
    weights.node("MatMul", ["sum", weights.random("out", WIDTH, DIMENSIONS)], "pooler_output")
    weights.save(
        path,
        {"input_ids": (TensorProto.INT64, ["batch_size", "sequence_length"])},
        {
            "last_hidden_state": ["batch_size", "sequence_length", WIDTH],
            "pooler_output": ["batch_size", DIMENSIONS],
        },
    )


def clip_tokenizer() -> Tokenizer:
    """As CLIP's: bytes, the end of a word marked, `<|endoftext|>` for the end and for padding."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*letters, *(f"{letter}</w>" for letter in letters)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(
        models.BPE(vocabulary, [], unk_token="<|endoftext|>", end_of_word_suffix="</w>")
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", vocabulary["<|endoftext|>"]),
        ("<|startoftext|>", vocabulary["<|startoftext|>"]),
        trim_offsets=False,
        add_prefix_space=False,
    )
    return tokenizer


def gemma_tokenizer() -> Tokenizer:
    """As SigLIP 2's: case kept in the file, `<eos>` at the end, `<pad>` 0."""
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "▁", *map(chr, range(33, 127)), *WORDS, "Red"]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <eos>", special_tokens=[("<eos>", vocabulary["<eos>"])]
    )
    return tokenizer


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2))


def clip_export(folder: Path, batch: str | int = "batch_size") -> Path:
    """An export like Xenova/clip-vit-base-patch32."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = clip_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    vision(folder / "onnx/vision_model.onnx", "image_embeds", batch=batch)
    clip_text(folder / "onnx/text_model.onnx", tokenizer.get_vocab_size())
    write_json(folder / "config.json", {"model_type": "clip", "architectures": ["CLIPModel"]})
    write_json(
        folder / "preprocessor_config.json",
        {
            "crop_size": {"height": SIZE, "width": SIZE},
            "do_center_crop": True,
            "do_normalize": True,
            "do_rescale": True,
            "do_resize": True,
            "image_mean": CLIP_MEAN,
            "image_processor_type": "CLIPImageProcessor",
            "image_std": CLIP_STD,
            "resample": 3,
            "rescale_factor": 1 / 255,
            "size": {"shortest_edge": SIZE},
        },
    )
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "CLIPTokenizer",
            "model_max_length": 77,
            "pad_token": "<|endoftext|>",
            "eos_token": {"content": "<|endoftext|>", "lstrip": False},
        },
    )
    return folder


def siglip_export(folder: Path) -> Path:
    """An export like onnx-community/siglip2-base-patch16-224-ONNX."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = gemma_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    vision(folder / "onnx/vision_model.onnx", "pooler_output", seed=4)
    siglip_text(folder / "onnx/text_model.onnx", tokenizer.get_vocab_size())
    write_json(
        folder / "config.json",
        {"model_type": "siglip", "text_config": {"model_type": "siglip_text_model"}},
    )
    write_json(
        folder / "preprocessor_config.json",
        {
            "do_normalize": True,
            "do_rescale": True,
            "do_resize": True,
            "image_mean": [0.5, 0.5, 0.5],
            "image_processor_type": "SiglipImageProcessor",
            "image_std": [0.5, 0.5, 0.5],
            "resample": 2,
            "rescale_factor": 1 / 255,
            "size": {"height": SIZE, "width": SIZE},
        },
    )
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "GemmaTokenizer",
            "model_max_length": 1_000_000_000_000,
            "pad_token": {"content": "<pad>"},
            "eos_token": "<eos>",
        },
    )
    return folder


def small_manifest(folder: Path) -> Path:
    """Thirty products with two pictures each: patches of colour, and the same a little changed."""
    chance = np.random.default_rng(5)
    lines = []
    for number in range(30):
        coarse = chance.integers(0, 256, (4, 4, 3)).astype(np.int16)
        color = COLORS[number % len(COLORS)]
        for view in range(2):
            seen = np.clip(coarse + chance.integers(-20, 20, coarse.shape), 0, 255)
            picture = Image.fromarray(seen.astype(np.uint8)).resize((60, 40 + 10 * view))
            picture.save(folder / f"{number}-{view}.png")
            lines.append(
                {
                    "product_id": str(number),
                    "title": f"{color.title()} mug {number}",
                    "description": f"A {color} mug of stoneware, number {number}.",
                    "image": f"{number}-{view}.png",
                }
            )
    path = folder / "products.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path
