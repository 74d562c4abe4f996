"""`lookalike setup`: makes a new installation ready, once and without serving."""

from __future__ import annotations

import os
from pathlib import Path

import click

from lookalike.bootstrap import check, make_accounts, make_watch
from lookalike.commands.speaking import in_sentences, settings_of
from lookalike.errors import Misconfigured


@click.command()
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the first API key is written, readable for its owner only. Default: it is shown.",
)
@in_sentences
def setup(key_file: Path | None) -> None:
    """Make templates, indices, the first tenant and its key; what is there stays as it is."""
    settings = settings_of()
    check(settings)
    watch = make_watch(settings)
    state = watch.state()
    watch.editions.show(state)  # puts the templates anew, which a snapshot does not bring back
    watch.editions.close()
    serving = state.serving
    click.echo(f"The catalogue is ready for {serving.pack} (edition {serving.name}).")
    if key_file is not None:
        _must_be_writable(key_file)
    if key := make_accounts(settings).open():
        _hand_over(key, key_file)


def _must_be_writable(file: Path) -> None:
    """Before the key is made, since it can be shown but once."""
    if not os.access(file.parent, os.W_OK):
        raise Misconfigured(
            f"The folder {file.parent} cannot be written, where --key-file wants the first key. "
            "Give this user the right to write there."
        )


def _hand_over(key: str, file: Path | None) -> None:
    if file is None:
        click.echo(f"Your first API key, shown this once: {key}")
        return
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        opened.write(f"{key}\n")
    click.echo(f"Your first API key is in {file}.")
