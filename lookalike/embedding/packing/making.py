"""From an export to a pack: adapted, held to its golden vectors, calibrated."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from onnx import ModelProto
from tokenizers import Tokenizer

from lookalike.catalog.text import enriched_text
from lookalike.embedding import packs
from lookalike.embedding.calibration import Calibration, Pair
from lookalike.embedding.fitting import fit_calibrations, read_manifest
from lookalike.embedding.packing.export import Export, Family
from lookalike.embedding.packing.golden import (
    GOLDEN,
    Golden,
    Verdict,
    judge,
    read_golden,
    write_golden,
)
from lookalike.embedding.packing.graphs import adapt_text, adapt_vision, read_graph, write_graph
from lookalike.embedding.packing.reference import Reference
from lookalike.embedding.packing.tokenizing import adapted_tokenizer, pads_with_its_end
from lookalike.embedding.packing.weights import Weights, to_float16, to_int8
from lookalike.embedding.packs import Pack, checksums, load_pack, write_pack
from lookalike.embedding.pictures import Picture, PictureReader, PictureSource
from lookalike.embedding.preprocess import decode_at_least, prepare
from lookalike.embedding.protocol import Embedder
from lookalike.errors import Misconfigured, ModelAway, PictureReason, PictureUnusable
from lookalike.pixels.decode import decode

GOLDEN_PICTURES = 100
GOLDEN_TITLES = 40
GOLDEN_TEXTS = (
    "",
    "A",
    "RED MUG, 0.5 l!",
    "червоний рюкзак",
    "牛乳パック",
    "Grüne Lampe für draußen 🏕️",
    "blue linen shirt with long sleeves " * 40,
)
"""Texts that try the ends of the rules: none, few letters, capitals, alphabets, far too long."""

MEGAPIXELS = 50

_NOT_YET = dict.fromkeys(Pair, Calibration(0.0, 0.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a pack is to be. `clean`: see `KnownExport`. `dimensions`: what is expected, if
    anything is."""

    name: str
    weights: Weights
    licence: str
    source: str
    clean: bool = False
    dimensions: int | None = None


@dataclass(frozen=True, slots=True)
class Workshop:
    """What is needed to make and to check packs: who runs a finished pack, the manifest whose
    pictures and titles it is tried with, and threads."""

    run: Callable[[Pack], Embedder]
    manifest: Path
    threads: int


def make_pack(export: Export, order: Order, folder: Path, workshop: Workshop) -> Verdict:
    """Makes a pack in an empty folder. Raises `Misconfigured` where it is not good enough."""
    tokenizer = adapted_tokenizer(export, clean=order.clean)
    tokenizer.save(str(folder / packs.TOKENIZER))
    shutil.copyfile(export.folder / packs.PREPROCESSOR, folder / packs.PREPROCESSOR)
    _adapt(export, tokenizer, folder, order.weights)
    golden = _golden(export, tokenizer, order.weights, workshop)
    dimensions = golden.image_vectors.shape[1]
    if order.dimensions not in {None, dimensions} or golden.text_vectors.shape[1] != dimensions:
        raise Misconfigured(
            f"{order.name} should give vectors of {order.dimensions or dimensions} dimensions, and "
            f"its pictures have {dimensions} and its texts {golden.text_vectors.shape[1]}: it is "
            "another model. Look at where it came from."
        )
    pack = Pack(
        folder=folder,
        name=order.name,
        dimensions=dimensions,
        image=export.image,
        context=export.context,
        calibrations=_NOT_YET,
        licence=order.licence,
        source=f"{order.source}; weights {order.weights}",
        files=checksums(folder) | _beside_graphs(folder),
    )
    embedder, verdict = _tried(pack, golden, workshop)
    if not verdict.good:
        raise Misconfigured(
            f"{order.name} is refused: {verdict}. Use --weights float32, or another export."
        )
    write_golden(golden, folder)
    write_pack(replace(pack, calibrations=_calibrations(embedder, workshop.manifest)))
    return verdict


def _tried(pack: Pack, golden: Golden, workshop: Workshop) -> tuple[Embedder, Verdict]:
    try:
        embedder = workshop.run(pack)
        return embedder, judge(golden, embedder)
    except (Misconfigured, ModelAway) as error:
        raise Misconfigured(
            f"{pack.name} cannot be run in batches ({error.__cause__ or error}). Is it exported "
            "for one row a call? Take an export whose batch is free."
        ) from error


def copy_pack(source: Path, folder: Path, name: str) -> None:
    """A finished pack under another name, e.g. to calibrate the built-in one. Raises
    `Misconfigured`."""
    pack = load_pack(source)
    for file in pack.files:
        target = folder / file
        if not target.resolve().is_relative_to(folder.resolve()):
            raise Misconfigured(f"The pack in {source} names {file}, which is not inside it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, target)
    if (golden := source / GOLDEN).is_file():
        shutil.copyfile(golden, folder / golden.name)
    write_pack(replace(pack, folder=folder, name=name))


def verify(folder: Path, run: Callable[[Pack], Embedder]) -> Verdict | None:
    """Checks a pack's files, then its vectors on this machine; None where it has no golden vectors
    to be held to. Raises `Misconfigured`."""
    pack = load_pack(folder)
    if not (folder / GOLDEN).exists():
        run(pack)
        return None
    verdict = judge(read_golden(folder), run(pack))
    if not verdict.good:
        raise Misconfigured(f"{pack.name} must not be used here: {verdict}. Make the pack again.")
    return verdict


def calibrate(
    folder: Path, manifests: Sequence[Path], run: Callable[[Pack], Embedder]
) -> dict[Pair, Calibration]:
    """Fits a pack to pairs and writes that down; its vectors stay good. Raises `Misconfigured`."""
    pack = load_pack(folder)
    fitted = _calibrations(run(pack), *manifests)
    try:
        write_pack(replace(pack, calibrations=fitted))
    except OSError as error:
        raise Misconfigured(
            f"{folder} cannot be written ({error.strerror}). `lookalike models add {folder} --name "
            "NAME` makes a copy that can."
        ) from error
    return fitted


def _adapt(export: Export, tokenizer: Tokenizer, folder: Path, weights: Weights) -> None:
    """Writes both graphs. One after the other: a large tower takes gigabytes while it is here."""
    source = export.folder / packs.VISION
    vision = read_graph(source)
    adapt_vision(vision, source, export.image.size, export.normalisation)
    _write(vision, folder / packs.VISION, weights)
    del vision
    source = export.folder / packs.TEXT
    text = read_graph(source)
    padding = tokenizer.padding
    assert padding is not None
    adapt_text(
        text,
        source,
        export.context,
        pad=None if export.family is Family.SIGLIP else padding["pad_id"],
        pad_is_end=pads_with_its_end(tokenizer),
    )
    _write(text, folder / packs.TEXT, weights)


def _write(model: ModelProto, path: Path, weights: Weights) -> None:
    if weights is Weights.FLOAT16:
        to_float16(model)
    write_graph(model, path)
    if weights is Weights.INT8:
        to_int8(path)


def _beside_graphs(folder: Path) -> dict[str, str]:
    beside = [path for path in (folder / "onnx").iterdir() if path.name.endswith("_data")]
    return {f"onnx/{path.name}": packs.sha256(path) for path in sorted(beside)}


def _golden(export: Export, tokenizer: Tokenizer, weights: Weights, workshop: Workshop) -> Golden:
    reference = Reference(export, tokenizer, workshop.threads)
    rows = read_manifest(workshop.manifest)
    every = max(1, len(rows) // GOLDEN_PICTURES)
    shown = rows[::every][:GOLDEN_PICTURES]
    titles = [row.facts.name for row in shown[: GOLDEN_TITLES // 2]]
    enriched = [enriched_text(row.facts) for row in shown[-GOLDEN_TITLES // 2 :]]
    texts = (*GOLDEN_TEXTS, *titles, *enriched)
    pixels = np.stack([_pixels(export, row.picture) for row in shown])
    return Golden(pixels, texts, reference.images(pixels), reference.texts(texts), weights)


def _pixels(export: Export, picture: Path) -> Picture:
    at_least = decode_at_least(export.image)
    image = decode(picture.read_bytes(), max_pixels=MEGAPIXELS * 1_000_000, at_least=at_least)
    return prepare(image, export.image)


def _calibrations(embedder: Embedder, *manifests: Path) -> dict[Pair, Calibration]:
    reader = PictureReader(_Nowhere(), embedder.pack, MEGAPIXELS)
    return fit_calibrations(embedder, reader, manifests)


class _Nowhere(PictureSource):
    """A `PictureSource` for pictures that lie beside their manifest."""

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:  # noqa: ARG002
        raise PictureUnusable(f"{url} is not in a folder here.", reason=PictureReason.BAD_URL)
