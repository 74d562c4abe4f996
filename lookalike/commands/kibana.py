"""`lookalike kibana`: the dashboards, into a running Kibana."""

from __future__ import annotations

import click

from lookalike.bootstrap import address_of
from lookalike.commands.speaking import in_sentences, settings_of
from lookalike.kibana.importing import import_dashboards


@click.command()
@click.argument("url")
@in_sentences
def kibana(url: str) -> None:
    """Put data views and dashboards into the Kibana (or OpenSearch Dashboards) at URL; what opens
    the index opens it."""
    settings = settings_of()
    address = address_of(settings, url)
    count = import_dashboards(address, settings.index_prefix)
    click.echo(f"{count} data views, panels and dashboards are in {address.shown}.")
