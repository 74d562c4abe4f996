"""The command line: `lookalike COMMAND`. `docs/commands.md` has every one."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from queue import SimpleQueue

import click

from lookalike.bootstrap import check, connect_redis, make_accounts
from lookalike.commands.accounts import keys, tenants
from lookalike.commands.dashboard import dashboard
from lookalike.commands.doctor import doctor
from lookalike.commands.kibana import kibana
from lookalike.commands.models import models
from lookalike.commands.move import move
from lookalike.commands.reindex import reindex
from lookalike.commands.setup import setup
from lookalike.commands.speaking import in_sentences, settings_of
from lookalike.commands.top import top
from lookalike.demo.run import run_demo
from lookalike.running.folder import use_catalogue
from lookalike.running.system import running
from lookalike.running.web import address, listen_all, web_argv
from lookalike.settings import Settings
from lookalike.telemetry import metrics

_host = click.option("--host", help="Address to listen on; LOOKALIKE_HOST, else 127.0.0.1.")
_port = click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; LOOKALIKE_PORT, else 8080. 0: any free."
)


@click.group()
@click.version_option(package_name="lookalike")
def main() -> None:
    """Self-hosted catalogue search by picture."""


main.add_command(tenants)
main.add_command(keys)
main.add_command(reindex)
main.add_command(doctor)
main.add_command(setup)
main.add_command(dashboard)
main.add_command(kibana)
main.add_command(move)
main.add_command(top)
main.add_command(models)


@main.command()
@_host
@_port
@in_sentences
def up(host: str | None, port: int | None) -> None:
    """Run the whole on this machine: web, workers, and what they need. HUP makes web and workers
    new, without a failed request."""
    hangups: SimpleQueue[int] = SimpleQueue()
    if not sys.stdin.isatty():  # where it says that the terminal was closed, which ends all
        signal.signal(signal.SIGHUP, lambda number, _: hangups.put(number))
    with running(settings_of(host, port)) as system:
        if system.first_key:
            click.echo(f"Your first API key, shown this once: {system.first_key}")
        click.echo(f"Serving {system.url}, documented at {system.url}/docs/. Ctrl-C stops all.")
        while hangups.get():
            system.reload()


@main.command()
@_host
@_port
@in_sentences
def serve(host: str | None, port: int | None) -> None:
    """Run the web part alone; LOOKALIKE_REDIS_URL names where it meets the workers. HUP makes its
    processes new, without a failed request."""
    settings = settings_of(host, port)
    connect_redis(settings)
    check(settings)
    _use_catalogue(settings)
    if first := make_accounts(settings).open():
        click.echo(f"Your first API key, shown this once: {first}")
    listeners = listen_all(settings)
    click.echo(f"Serving {address(settings.host, listeners[0])}. Ctrl-C stops.")
    sys.stdout.flush()
    argv = web_argv(listeners)
    counting = metrics.new_folder(Path(tempfile.mkdtemp(prefix="lookalike-metrics-")))
    os.execve(argv[0], argv, os.environ | counting)


@main.command()
@in_sentences
def worker() -> None:
    """Run one worker process; LOOKALIKE_REDIS_URL names where it meets the web."""
    settings = settings_of()
    connect_redis(settings)
    check(settings)
    _use_catalogue(settings)
    os.execv(sys.executable, [sys.executable, "-m", "workers"])


def _use_catalogue(settings: Settings) -> None:
    for lock in use_catalogue(settings.index_file):
        os.set_inheritable(lock, True)  # what this process becomes holds it on


@main.command()
@click.option("--once", is_flag=True, help="End after the answers; status 0 only if all completed.")
@click.option(
    "--photos",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of your own pictures instead of the sample catalogue.",
)
@_host
@_port
@in_sentences
def demo(once: bool, photos: Path | None, host: str | None, port: int | None) -> None:
    """Run the whole, fill it with a catalogue, and search that."""
    if not run_demo(settings_of(host, port), photos, once):
        sys.exit(1)


if __name__ == "__main__":
    main()
