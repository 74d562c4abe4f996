"""The command line: `lookalike up · serve · worker · keys · demo`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from lookalike.accounts.model import Scope
from lookalike.bootstrap import check, connect_redis, make_accounts
from lookalike.demo.run import run_demo
from lookalike.errors import LookalikeError
from lookalike.logs import configure_logs
from lookalike.running.system import running
from lookalike.running.web import address, listen, web_argv
from lookalike.settings import Settings, read_settings


def _in_sentences(command: Callable[..., Any]) -> Callable[..., Any]:
    """An error of ours is one sentence and status 1; Ctrl-C and TERM end quietly."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        # INT too: a shell starts background commands with it ignored.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        try:
            return command(*args, **kwargs)
        except LookalikeError as error:
            raise click.ClickException(error.detail) from error
        except KeyboardInterrupt:
            return None

    return wrapped


def _settings(host: str | None = None, port: int | None = None) -> Settings:
    settings = read_settings()
    configure_logs(settings.log_level)
    if host is not None:
        settings = replace(settings, host=host)
    return settings if port is None else replace(settings, port=port)


_host = click.option("--host", help="Address to listen on; LOOKALIKE_HOST, else 127.0.0.1.")
_port = click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; LOOKALIKE_PORT, else 8080. 0: any free."
)


@click.group()
@click.version_option(package_name="lookalike")
def main() -> None:
    """Self-hosted catalogue search by picture."""


@main.command()
@_host
@_port
@_in_sentences
def up(host: str | None, port: int | None) -> None:
    """Run the whole on this machine: web, workers, and what they need."""
    with running(_settings(host, port)) as system:
        if system.first_key:
            click.echo(f"Your first API key, shown this once: {system.first_key}")
        click.echo(f"Serving {system.url}, documented at {system.url}/docs/. Ctrl-C stops all.")
        threading.Event().wait()


@main.command()
@_host
@_port
@_in_sentences
def serve(host: str | None, port: int | None) -> None:
    """Run the web part alone; LOOKALIKE_REDIS_URL names where it meets the workers."""
    settings = _settings(host, port)
    connect_redis(settings)
    check(settings)
    if first := make_accounts(settings).open():
        click.echo(f"Your first API key, shown this once: {first}")
    listener = listen(settings.host, settings.port)
    click.echo(f"Serving {address(settings.host, listener)}. Ctrl-C stops.")
    sys.stdout.flush()
    argv = web_argv(settings, listener)
    os.execv(argv[0], argv)


@main.command()
@_in_sentences
def worker() -> None:
    """Run one worker process; LOOKALIKE_REDIS_URL names where it meets the web."""
    settings = _settings()
    connect_redis(settings)
    check(settings)
    os.execv(sys.executable, [sys.executable, "-m", "workers"])


@main.group()
def keys() -> None:
    """API keys."""


@keys.command("create")
@click.option("--label", default="", help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=(Scope.CATALOG.value, Scope.SEARCH.value),
    show_default=True,
    help="What the key opens; may be given several times.",
)
@_in_sentences
def create_key(label: str, scopes: tuple[str, ...]) -> None:
    """Make a key and print it, this once."""
    click.echo(make_accounts(_settings()).create_key(label, frozenset(map(Scope, scopes))))


@keys.command("list")
@_in_sentences
def list_keys() -> None:
    """Show every key, without its secret."""
    for key in make_accounts(_settings()).list_keys():
        state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "active"
        scopes = ",".join(sorted(key.scopes))
        click.echo(f"{key.id}  {key.created_at:%Y-%m-%d %H:%M}  {state:24}  {scopes}  {key.label}")


@keys.command("revoke")
@click.argument("key_id")
@_in_sentences
def revoke_key(key_id: str) -> None:
    """End the key with this id (the middle of sk_<id>_<secret>)."""
    make_accounts(_settings()).revoke_key(key_id)
    click.echo(f"Key {key_id} is revoked; within 5 seconds no process accepts it.")


@main.command()
@click.option("--once", is_flag=True, help="End after the answers; status 0 only if all completed.")
@click.option(
    "--photos",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of your own pictures instead of the sample catalogue.",
)
@_host
@_port
@_in_sentences
def demo(once: bool, photos: Path | None, host: str | None, port: int | None) -> None:
    """Run the whole, fill it with a catalogue, and search that."""
    if not run_demo(_settings(host, port), photos, once):
        sys.exit(1)


if __name__ == "__main__":
    main()
