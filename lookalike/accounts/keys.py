"""Minting, reading and checking API keys. The secret is shown once and only its hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime

from lookalike.accounts.model import ApiKey, Scope

_FORM = re.compile(r"sk_([0-9a-f]{16})_([0-9a-f]{48})")


def mint(tenant: str, label: str, scopes: frozenset[Scope], now: datetime) -> tuple[ApiKey, str]:
    """A new key, and its text `sk_<id>_<secret>`, which nobody can show a second time.

    The secret has 192 random bits, so a plain SHA-256 of it cannot be searched.
    """
    id, secret = secrets.token_hex(8), secrets.token_hex(24)
    key = ApiKey(
        id=id,
        tenant=tenant,
        label=label,
        scopes=scopes,
        secret_hash=_hash(secret),
        created_at=now,
    )
    return key, f"sk_{id}_{secret}"


def split(text: str) -> tuple[str, str] | None:
    """A key's public id and its secret; None where the text does not have the form of a key."""
    match = _FORM.fullmatch(text)
    return (match[1], match[2]) if match else None


def opens(key: ApiKey, secret: str) -> bool:
    """Whether the secret is this key's, compared in constant time."""
    return hmac.compare_digest(key.secret_hash, _hash(secret))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
