"""`lookalike doctor`: is everything there that the settings name, and will it last?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import click

from lookalike.bootstrap import (
    check_model_server,
    connect_redis,
    make_editions,
    make_fetcher,
    make_pack,
)
from lookalike.commands.speaking import in_sentences, settings_of, with_running_valkey
from lookalike.errors import LookalikeError
from lookalike.index.editions import Edition, must_be_whole
from lookalike.index.findings import Finding, Level, error, fine, warning
from lookalike.jobs.redis_errors import redis_in_words
from lookalike.settings import Settings

_COLORS = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}


@click.command()
@in_sentences
def doctor() -> None:
    """Look at everything that the settings name; status 1 if anything does not work."""
    settings = settings_of()
    worst = Level.OK
    for check in (_catalogue, _model_server, _redis, _fetching):
        for finding in _safely(check, settings):
            click.secho(f"{finding.level:<8}", fg=_COLORS[finding.level], nl=False)
            click.echo(f"{finding.about}: {finding.says}")
            worst = Level.ERROR if finding.level is Level.ERROR else worst
    if worst is Level.ERROR:
        sys.exit(1)


def _safely(
    check: Callable[[Settings], Iterator[Finding]], settings: Settings
) -> Iterator[Finding]:
    """What a check finds; what it cannot look at is a finding, too."""
    try:
        yield from check(settings)
    except LookalikeError as fault:
        yield error(check.__name__.strip("_"), fault.detail)


def _catalogue(settings: Settings) -> Iterator[Finding]:
    editions = make_editions(settings)
    try:
        if (told := editions.read()) is None:
            yield fine("catalogue", "There is none yet; `lookalike up` or `serve` begins it.")
            return
        must_be_whole(told.state)
        for edition in told.state.editions:
            editions.check(edition)
            yield _pack(settings, edition)
        yield from editions.examine(told.state)
        if told.state.other:
            yield warning("model", "A change of model is under way: see `lookalike reindex`.")
    finally:
        editions.close()


def _pack(settings: Settings, edition: Edition) -> Finding:
    """Whether this machine has the model that an edition's vectors are of."""
    pack = make_pack(settings, edition.pack)
    if pack.digest != edition.model:
        return error(
            "model",
            f"The pack {edition.pack} of this machine is not the one that edition {edition.name} "
            "was embedded with. Fetch the same pack again, or run `lookalike reindex --model`.",
        )
    if settings.model_pack and settings.model_pack != edition.pack:
        return warning(
            "model",
            f"LOOKALIKE_MODEL_PACK is {settings.model_pack}, and the catalogue is embedded with "
            f"{edition.pack}. To change that, run `lookalike reindex --model`.",
        )
    return fine("model", f"{edition.pack} makes vectors of {edition.dimensions} dimensions.")


def _model_server(settings: Settings) -> Iterator[Finding]:
    """Whether the model of each edition is served, where a server is named."""
    editions = make_editions(settings)
    try:
        told = editions.read()
    finally:
        editions.close()
    for edition in told.state.editions if told and settings.triton_url else ():
        check_model_server(settings, edition.pack)
        yield fine("model_server", f"{edition.pack} is served.")


def _redis(settings: Settings) -> Iterator[Finding]:
    settings = with_running_valkey(settings)
    if settings.redis_url is None:
        yield warning(
            "redis",
            "LOOKALIKE_REDIS_URL is not set, and no `lookalike up` runs on this data folder, which "
            "brings its own. `serve` and `worker` need one.",
        )
        return
    connection = connect_redis(settings)
    with redis_in_words():
        connection.ping()
        policy = connection.config_get("maxmemory-policy").get("maxmemory-policy", "")
    if policy not in {"noeviction", ""}:
        yield warning(
            "redis",
            f"Redis may drop keys (maxmemory-policy {policy}), and with them jobs. Set noeviction.",
        )
    else:
        yield fine("redis", "Redis answers, and keeps what it is given.")


def _fetching(settings: Settings) -> Iterator[Finding]:
    make_fetcher(settings).close()
    if settings.fetch_allow:
        allowed = ", ".join(settings.fetch_allow)
        yield warning("fetching", f"Pictures are also fetched from {allowed}: is that meant?")
    else:
        yield fine("fetching", "Pictures are fetched from public addresses only.")
