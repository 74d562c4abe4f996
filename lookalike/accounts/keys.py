"""Minting, reading and checking API keys. The secret is shown once and only its hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from lookalike.accounts.model import ApiKey, Browser, Scope

DEFAULT_BURST = 30
MOST_BURST = 1_000

DEFAULT_OVERLAP_HOURS = 24
MOST_OVERLAP_HOURS = 24 * 90

_FORM = re.compile(r"(sk|pk)_([0-9a-f]{16})_([0-9a-f]{48})")


_SECRET = frozenset({Scope.CATALOG, Scope.SEARCH})
_PUBLIC = frozenset({Scope.SEARCH})


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as its holder sends it, in its parts."""

    prefix: str
    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new key shall be. With a `browser` it is a public one, which only searches. `scopes`
    None: all that its kind usually opens."""

    label: str = ""
    scopes: frozenset[Scope] | None = None
    expires_at: datetime | None = None
    browser: Browser | None = None


def mint(tenant: str, wanted: Wanted, now: datetime) -> tuple[ApiKey, str]:
    """A new key, and its text, which nobody can show a second time.

    The secret has 192 random bits, so a plain SHA-256 of it cannot be searched.
    """
    usual = _PUBLIC if wanted.browser else _SECRET
    id, secret = secrets.token_hex(8), secrets.token_hex(24)
    key = ApiKey(
        id=id,
        tenant=tenant,
        label=wanted.label,
        scopes=usual if wanted.scopes is None else wanted.scopes,
        secret_hash=_hash(secret),
        created_at=now,
        expires_at=wanted.expires_at,
        browser=wanted.browser,
    )
    return key, f"{_prefix(key)}_{id}_{secret}"


def split(text: str) -> KeyText | None:
    """The parts of a key's text; None where it does not have the form of a key."""
    match = _FORM.fullmatch(text)
    return KeyText(*match.groups()) if match else None


def opens(key: ApiKey, text: KeyText) -> bool:
    """Whether the text is this key's; the secret is compared in constant time."""
    same = hmac.compare_digest(key.secret_hash, _hash(text.secret))
    return same and text.prefix == _prefix(key)


def _prefix(key: ApiKey) -> str:
    return "pk" if key.browser else "sk"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
