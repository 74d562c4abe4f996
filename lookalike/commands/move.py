"""`lookalike move`: the catalogue leaves the embedded index for an engine."""

from __future__ import annotations

import os
from dataclasses import replace

import click
from rich.console import Console
from rich.progress import Progress

from lookalike.bootstrap import make_move
from lookalike.commands.speaking import in_sentences, settings_of
from lookalike.errors import Misconfigured
from lookalike.running.folder import claim_catalogue
from lookalike.settings import index_url, shown


@click.command()
@click.option("--to", required=True, metavar="URL", help="The engine, as LOOKALIKE_INDEX_URL.")
@in_sentences
def move(to: str) -> None:
    """Move the catalogue from the embedded index to an engine, with its vectors, keys and usage.

    LOOKALIKE_INDEX_PREFIX, _API_KEY, _USER, _PASSWORD and _CA are the engine's. Stop the service
    before; what is here stays as it is.
    """
    settings = settings_of()
    if settings.index_file is None:
        raise Misconfigured(
            "LOOKALIKE_INDEX_URL names an engine already; move leads from the embedded index."
        )
    try:
        target = replace(settings, index_url=index_url(to))
    except ValueError as error:
        raise Misconfigured(f"--to {shown(to)!r} cannot be used: it {error}.") from error
    lock = claim_catalogue(settings.index_file)
    try:
        moving = make_move(settings, target)
        total = moving.total()
        moving.begin()
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("Moving", total=total)
            for products in moving.products():
                bar.update(task, advance=products)
        tenants = moving.finish()
    finally:
        os.close(lock)
    click.echo(
        f"{total:,} products of {len(tenants)} tenants are moved, with their keys. Set "
        f"LOOKALIKE_INDEX_URL={to} for every process, and start the service."
    )
