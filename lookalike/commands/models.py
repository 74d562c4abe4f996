"""`lookalike models …`: model packs, from the hub or from a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from lookalike.bootstrap import make_embedder, make_library, pack_folder, packs_in_use
from lookalike.commands.speaking import in_sentences, settings_of
from lookalike.commands.triton import triton
from lookalike.demo.manifest import write_manifest
from lookalike.demo.sample import draw_sample
from lookalike.embedding.packing.known import KNOWN, KnownExport
from lookalike.embedding.packing.library import BUILTIN
from lookalike.embedding.packs import load_pack
from lookalike.errors import Away, Misconfigured
from lookalike.settings import Settings

if TYPE_CHECKING:
    from lookalike.embedding.packing import hub
    from lookalike.embedding.packing.export import Export
    from lookalike.embedding.packing.making import Order, Workshop

# `onnx`, the quantiser and the hub's client take a second to import, which `lookalike serve` and
# the others need not wait for: so what needs them is imported where it is used.

_weights = click.option(
    "--weights",
    type=click.Choice(["float32", "float16", "int8"]),
    default="float32",
    show_default=True,
    help="float16 halves the files; int8 quarters them, for processors, and is judged by what a "
    "search finds.",
)
_name = click.option("--name", help="What the pack is called here. Default: from where it is from.")


@click.group()
def models() -> None:
    """Model packs: what turns pictures and words into vectors."""


models.add_command(triton)


@models.command("list")
@in_sentences
def list_models() -> None:
    """Show the packs that are here, and those that can be pulled."""
    settings = settings_of()
    library = make_library(settings)
    try:
        in_use = packs_in_use(settings)
    except Away:
        in_use = set()
    for name in [BUILTIN, *library.names()]:
        try:
            pack = load_pack(pack_folder(settings, name))
        except Misconfigured as error:
            click.echo(f"{name:16} broken  {error.detail}")
            continue
        used = "in use" if name in in_use else "here"
        click.echo(f"{name:16} {used:7} {pack.dimensions:5}  {pack.licence}; {pack.source}")
    for name, known in KNOWN.items():
        if name not in library.names():
            click.echo(f"{name:16} to pull {known.dimensions:5}  {known.about}; {known.licence}")


@models.command()
@click.argument("name")
@_weights
@click.option("--revision", help="Another commit of the export than the one that is known here.")
@click.option("--name", "called", help="What the pack is called here. Default: NAME.")
@in_sentences
def pull(name: str, weights: str, revision: str | None, called: str | None) -> None:
    """Fetch the export NAME from the Hugging Face hub and make a pack of it.

    NAME is one that `list` shows, or OWNER/REPOSITORY of any export in the layout of
    transformers.js."""
    from lookalike.embedding.packing import export, hub, making  # noqa: PLC0415
    from lookalike.embedding.packing.weights import Weights  # noqa: PLC0415

    settings = settings_of()
    library = make_library(settings)
    known = _known(name)
    called = called or _as_name(name)
    library.require_free(called)
    pinned = revision in {None, known.revision}
    with _bars() as bars:
        found = hub.fetch(
            known.repo,
            revision or known.revision,
            library.downloads(called),
            bars,
            known.sha256 if pinned else None,
        )
    order = making.Order(
        name=called,
        weights=Weights(weights),
        licence=known.licence or found.licence or "not said",
        source=f"{found.source} at {found.commit}",
        clean=known.clean,
        dimensions=known.dimensions or None,
    )
    _make(settings, export.read_export(found.folder, known.context or None), order)
    library.forget_download(called)


@models.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_name
@_weights
@click.option("--licence", help="Under what terms the model may be used. Default: not said.")
@in_sentences
def add(folder: Path, name: str | None, weights: str, licence: str | None) -> None:
    """Make a pack of the export in FOLDER, or a copy of the pack there."""
    from lookalike.embedding.packing import export, making  # noqa: PLC0415
    from lookalike.embedding.packing.weights import Weights  # noqa: PLC0415

    settings = settings_of()
    called = name or _as_name(folder.resolve().name)
    if (folder / "pack.json").is_file():
        if weights != Weights.FLOAT32 or licence:
            raise Misconfigured(
                f"{folder} holds a finished pack, which is copied as it is. Leave --weights and "
                "--licence away, or name the folder of the export that it was made of."
            )
        with make_library(settings).making(called) as made:
            making.copy_pack(folder, made, called)
        click.echo(f"{called} is a copy of the pack in {folder}.")
        return
    order = making.Order(
        name=called,
        weights=Weights(weights),
        licence=licence or "not said",
        source=f"{folder.resolve()}",
    )
    _make(settings, export.read_export(folder), order)


@models.command()
@click.argument("name")
@in_sentences
def verify(name: str) -> None:
    """Check the files of the pack NAME, and its vectors on this machine."""
    from lookalike.embedding.packing import making  # noqa: PLC0415

    settings = settings_of()
    verdict = making.verify(pack_folder(settings, name), partial(make_embedder, settings))
    click.echo(
        f"{name} is good: its files are whole, and it has no golden vectors to be held to."
        if verdict is None
        else f"{name} is good: its files are whole; {verdict}."
    )


@models.command()
@click.argument("name")
@click.option(
    "--manifest",
    "manifests",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="A products.jsonl with pictures of your own; may be given several times. Default: the "
    "drawn catalogue.",
)
@in_sentences
def calibrate(name: str, manifests: tuple[Path, ...]) -> None:
    """Fit the scores of the pack NAME to pairs of pictures and titles. Its vectors stay good."""
    from lookalike.embedding.packing import making  # noqa: PLC0415

    settings = settings_of()
    folder = pack_folder(settings, name)
    if name == BUILTIN:
        raise Misconfigured(
            f"{BUILTIN} is part of lookalike itself and would change with each update. Copy it: "
            f"`lookalike models add {folder} --name my-mini`, and calibrate that."
        )
    fitted = making.calibrate(
        folder, manifests or [_drawn(settings)], partial(make_embedder, settings)
    )
    for pair, found in fitted.items():
        click.echo(f"{pair:12} random {found.random_median:.3f}  same {found.equal_error:.3f}")
    click.echo("Processes that run take this up when they are started again.")


@models.command()
@click.argument("name")
@in_sentences
def remove(name: str) -> None:
    """Delete the pack NAME."""
    settings = settings_of()
    if name in packs_in_use(settings):
        raise Misconfigured(
            f"{name} is in use by the catalogue or by LOOKALIKE_MODEL_PACK. Change to another pack "
            "first, with `lookalike reindex --model`."
        )
    make_library(settings).remove(name)
    click.echo(f"{name} is gone.")


def _known(name: str) -> KnownExport:
    if name in KNOWN:
        return KNOWN[name]
    if "/" in name:
        return KnownExport(repo=name, dimensions=0, context=0, licence="", about="")
    raise Misconfigured(
        f"There is no known pack {name}. Known are {', '.join(KNOWN)}; any other export on the hub "
        "is pulled as OWNER/REPOSITORY."
    )


def _as_name(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", text.rsplit("/", 1)[-1].lower()).strip("-._")


def _make(settings: Settings, export: Export, order: Order) -> None:
    from lookalike.embedding.packing import making  # noqa: PLC0415

    with make_library(settings).making(order.name) as folder:
        click.echo(f"Adapting {order.name}, checking and calibrating it …", err=True)
        verdict = making.make_pack(export, order, folder, _workshop(settings))
    click.echo(
        f"{order.name} is ready: {verdict}.\n"
        f"A new catalogue takes it by LOOKALIKE_MODEL_PACK={order.name}, one that is there by "
        f"`lookalike reindex --model {order.name}`."
    )


def _workshop(settings: Settings) -> Workshop:
    from lookalike.embedding.packing import making  # noqa: PLC0415

    return making.Workshop(
        run=partial(make_embedder, settings),
        manifest=_drawn(settings),
        threads=settings.model_threads,
    )


def _drawn(settings: Settings) -> Path:
    """The manifest of the drawn catalogue, drawn at the first call."""
    folder = make_library(settings).drawn
    try:
        return write_manifest(draw_sample(folder), folder)
    except OSError as error:
        raise Misconfigured(
            f"The drawn catalogue cannot be written to {folder} ({error.strerror}). Make room, or "
            "give LOOKALIKE_DATA_DIR a folder that this user may write."
        ) from error


class _Bar:
    """One file's line among the bars."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def update(self, n: float) -> None:
        """`n` more bytes are here."""
        self._progress.advance(self._task, n)


@contextmanager
def _bars() -> Iterator[hub.Bars]:
    columns = (TextColumn("{task.description:32}"), BarColumn(), DownloadColumn())
    more = (TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, *more, console=Console(stderr=True)) as progress:

        @contextmanager
        def bar(name: str, total: int, here: int) -> Iterator[_Bar]:
            yield _Bar(progress, progress.add_task(name, total=total, completed=here))

        yield bar
