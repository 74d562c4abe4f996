"""`lookalike kibana`: the dashboards, into a running Kibana."""

from __future__ import annotations

import click

from lookalike.commands.speaking import in_sentences, settings_of
from lookalike.kibana.importing import import_dashboards


@click.command()
@click.argument("url")
@in_sentences
def kibana(url: str) -> None:
    """Put data views and dashboards into the Kibana (or OpenSearch Dashboards) at URL; the index's
    user opens it."""
    settings = settings_of()
    count = import_dashboards(
        url, settings.index_prefix, settings.index_user, settings.index_password
    )
    click.echo(f"{count} data views, panels and dashboards are in {url}.")
