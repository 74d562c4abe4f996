"""`lookalike tenants …` and `lookalike keys …`: what an operator does with accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import click

from lookalike.accounts.accounts import IN_FORCE_WITHIN_S, Accounts
from lookalike.accounts.keys import (
    DEFAULT_BURST,
    DEFAULT_OVERLAP_HOURS,
    MOST_BURST,
    MOST_OVERLAP_HOURS,
    Wanted,
)
from lookalike.accounts.model import ApiKey, Browser, KeyState, Scope
from lookalike.accounts.origins import origin
from lookalike.accounts.tiers import TIERS
from lookalike.bootstrap import make_accounts, make_event_log, make_index
from lookalike.commands.speaking import in_sentences, settings_of

_IN_FORCE = f"in force within {IN_FORCE_WITHIN_S:.0f} seconds"

_tier = click.Choice(list(TIERS))


def moment(text: str) -> datetime:
    """A date, or a date and time, in UTC unless it says otherwise."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no time such as 2026-12-31 or 2026-12-31T18:00Z."
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _accounts() -> Accounts:
    return make_accounts(settings_of())


@click.group()
def tenants() -> None:
    """Tenants: each has its own products, keys and tier."""


@tenants.command("create")
@click.argument("name")
@click.option("--tier", type=_tier, default="free", show_default=True, help="What it may do.")
@in_sentences
def create_tenant(name: str, tier: str) -> None:
    """Make a tenant called NAME and print its id and its first key, this once."""
    made, text = _accounts().create_tenant(name, tier)
    click.echo(f"{made.id}\n{text}")


@tenants.command("list")
@in_sentences
def list_tenants() -> None:
    """Show every tenant."""
    for each in _accounts().tenants():
        click.echo(f"{each.id}  {each.created_at:%Y-%m-%d %H:%M}  {each.tier:9}  {each.name}")


@tenants.command("tier")
@click.argument("tenant")
@click.argument("tier", type=_tier)
@in_sentences
def change_tier(tenant: str, tier: str) -> None:
    """Give TENANT another TIER."""
    _accounts().change_tier(tenant, tier)
    click.echo(f"Tenant {tenant} is on the tier {tier}, {_IN_FORCE}.")


@tenants.command("delete")
@click.argument("tenant")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_sentences
def delete_tenant(tenant: str, yes: bool) -> None:
    """Remove TENANT with all it owns: products, vectors, what was searched for, keys, usage. It
    cannot be undone."""
    settings = settings_of()
    accounts = make_accounts(settings)
    found = accounts.tenant(tenant)
    if not yes:
        click.confirm(f"Delete {found.name!r} ({found.id}) with all its products?", abort=True)
    index = make_index(settings)
    accounts.delete_tenant(found.id, index, make_event_log(settings))
    index.close()
    click.echo(f"Tenant {tenant} is gone, with all it owned.")


@click.group()
def keys() -> None:
    """API keys."""


@keys.command("create")
@click.option("--tenant", help="Whose key; may be left out while there is one tenant.")
@click.option("--label", default="", help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    help="What the key opens; may be given several times. Default: catalog and search.",
)
@click.option("--expires", type=moment, help="When the key ends. Default: never.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    help="Makes a public key, for web pages of this origin, such as https://shop.example; may be "
    "given several times. It only searches.",
)
@click.option(
    "--burst",
    type=click.IntRange(1, MOST_BURST),
    default=DEFAULT_BURST,
    show_default=True,
    help="How many searches at once a public key allows one address.",
)
@in_sentences
def create_key(
    *,
    tenant: str | None,
    label: str,
    scopes: Sequence[str],
    expires: datetime | None,
    origins: Sequence[str],
    burst: int,
) -> None:
    """Make a key and print it, this once."""
    accounts = _accounts()
    wanted = Wanted(
        label=label,
        scopes=frozenset(map(Scope, scopes)) or None,
        expires_at=expires,
        browser=Browser(origins=frozenset(map(origin, origins)), burst=burst) if origins else None,
    )
    first = accounts.open(wanted) if tenant is None else None
    click.echo(first or accounts.create_key(accounts.tenant(tenant).id, wanted)[1])


@keys.command("list")
@click.option("--tenant", help="Whose keys. Default: everyone's.")
@in_sentences
def list_keys(tenant: str | None) -> None:
    """Show every key, without its secret."""
    accounts = _accounts()
    now = datetime.now(UTC)
    for each in [accounts.tenant(tenant)] if tenant else accounts.tenants():
        for key in accounts.keys(each.id):
            click.echo(f"{key.id}  {each.id}  {_line(key, now)}")


@keys.command("rotate")
@click.argument("key_id")
@click.option(
    "--overlap-hours",
    type=click.FloatRange(0, MOST_OVERLAP_HOURS),
    default=DEFAULT_OVERLAP_HOURS,
    show_default=True,
    help="How long the old key goes on.",
)
@in_sentences
def rotate_key(key_id: str, overlap_hours: float) -> None:
    """Make a key that may do what KEY_ID may, print it, this once, and let the old one expire."""
    accounts = _accounts()
    overlap = timedelta(hours=overlap_hours)
    click.echo(accounts.rotate_key(accounts.owner(key_id), key_id, overlap)[1])


@keys.command("expire")
@click.argument("key_id")
@click.argument("at", type=moment)
@in_sentences
def expire_key(key_id: str, at: datetime) -> None:
    """Let the key with this id end AT a time, such as 2026-12-31 or 2026-12-31T18:00Z."""
    accounts = _accounts()
    accounts.change_key(accounts.owner(key_id), key_id, {"expires_at": at})
    click.echo(f"Key {key_id} expires at {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC.")


@keys.command("revoke")
@click.argument("key_id")
@in_sentences
def revoke_key(key_id: str) -> None:
    """End the key with this id (the middle of sk_<id>_<secret>)."""
    accounts = _accounts()
    accounts.revoke_key(accounts.owner(key_id), key_id)
    click.echo(f"Key {key_id} is revoked, {_IN_FORCE}.")


def _line(key: ApiKey, now: datetime) -> str:
    scopes = ",".join(sorted(key.scopes))
    pages = " ".join(sorted(key.browser.origins)) if key.browser else ""
    return f"{key.created_at:%Y-%m-%d %H:%M}  {_state(key, now):24}  {scopes}  {key.label}  {pages}"


def _state(key: ApiKey, now: datetime) -> str:
    state = key.state(now)
    at = key.revoked_at if state is KeyState.REVOKED else key.expires_at
    if at is None:
        return state
    word = "expires" if state is KeyState.ACTIVE else state
    return f"{word} {at:%Y-%m-%d %H:%M}"
