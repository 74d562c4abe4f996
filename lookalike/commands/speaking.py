"""What every command has in common: settings, and errors in sentences."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

import click

from lookalike.errors import LookalikeError
from lookalike.running.valkey import running_valkey
from lookalike.settings import Settings, read_settings
from lookalike.telemetry.logs import configure_logs


def in_sentences(command: Callable[..., Any]) -> Callable[..., Any]:
    """An error of ours is one sentence and status 1; Ctrl-C, TERM and a closed terminal end
    quietly."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        # INT too: a shell starts background commands with it ignored.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # and not ignored, as nohup has it
            signal.signal(signal.SIGHUP, signal.default_int_handler)
        try:
            return command(*args, **kwargs)
        except LookalikeError as error:
            raise click.ClickException(error.detail) from error
        except KeyboardInterrupt:
            return None

    return wrapped


def settings_of(host: str | None = None, port: int | None = None) -> Settings:
    """The environment's settings, with what the command line says instead."""
    settings = read_settings()
    configure_logs(settings.log_level, settings.log_format)
    if host is not None:
        settings = replace(settings, host=host)
    return settings if port is None else replace(settings, port=port)


def with_running_valkey(settings: Settings) -> Settings:
    """The settings; where they name no Redis, with the embedded Valkey of an `up` that runs on the
    same data folder. For commands that look at a running system."""
    if settings.redis_url is None:
        return replace(settings, redis_url=running_valkey(settings.data_dir / "valkey"))
    return settings
