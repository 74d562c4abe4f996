"""`lookalike dashboard`: the RQ dashboard over our queues, behind a password."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from lookalike.bootstrap import connect_redis
from lookalike.commands.speaking import in_sentences, settings_of, with_running_valkey
from lookalike.errors import Misconfigured
from lookalike.running.web import address, listen

USER = "admin"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9181,
    show_default=True,
    help="Port; 0: any free one.",
)
@click.option(
    "--password-file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Holds the password of the user {USER}.",
)
@in_sentences
def dashboard(host: str, port: int, password_file: Path) -> None:
    """Show the queues, workers and failed jobs in a browser."""
    settings = with_running_valkey(settings_of())
    connect_redis(settings)
    try:
        password = password_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{password_file} cannot be read. Put a password there.") from error
    if len(password) < 12:
        raise Misconfigured(f"The password in {password_file} is too short: 12 letters at least.")
    with listen(host, port) as listener:
        port = listener.getsockname()[1]
        click.echo(f"Serving {address(host, listener)} for the user {USER}. Ctrl-C stops.")
    sys.stdout.flush()
    environment = os.environ | {
        "RQ_DASHBOARD_USERNAME": USER,
        "RQ_DASHBOARD_PASSWORD": password,
        "RQ_DASHBOARD_REDIS_URL": str(settings.redis_url),
    }
    argv = [sys.executable, "-m", "rq_dashboard", "--bind", host, "--port", str(port), "--json"]
    os.execve(argv[0], argv, environment)
