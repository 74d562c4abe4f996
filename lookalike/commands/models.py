"""`lookalike models`: what is done with model packs."""

from __future__ import annotations

import click

from lookalike.commands.triton import triton


@click.group()
def models() -> None:
    """Model packs."""


models.add_command(triton)
