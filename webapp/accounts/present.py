"""Keys and usage as `/v1/account` shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lookalike.accounts.callers import Caller
from lookalike.accounts.model import ApiKey
from lookalike.accounts.searches import end_of_month
from webapp.accounts.schemas import KeyKind
from webapp.moments import moment


def key(key: ApiKey) -> dict[str, Any]:
    """A key, without its secret."""
    return {
        "id": key.id,
        "kind": KeyKind.PUBLIC if key.browser else KeyKind.SECRET,
        "label": key.label,
        "scopes": sorted(key.scopes),
        "origins": sorted(key.browser.origins) if key.browser else None,
        "burst": key.browser.burst if key.browser else None,
        "status": key.state(datetime.now(UTC)),
        "created_at": moment(key.created_at),
        "expires_at": moment(key.expires_at) if key.expires_at else None,
        "revoked_at": moment(key.revoked_at) if key.revoked_at else None,
    }


def made(made: ApiKey, text: str) -> dict[str, Any]:
    """A new key with its text."""
    return key(made) | {"key": text}


def usage(who: Caller, products: int, month: str, searches: int) -> dict[str, Any]:
    """What the tier allows, and what of it is used."""
    return {
        "tenant_id": who.tenant,
        "tier": who.tier.name,
        "batch_size": who.tier.batch_size,
        "products": _used(products, who.tier.max_products),
        "searches": {
            **_used(searches, who.tier.searches_a_month),
            "month": month,
            "resets_at": moment(end_of_month(month)),
        },
    }


def _used(used: int, limit: int | None) -> dict[str, int | None]:
    remaining = None if limit is None else max(0, limit - used)
    return {"used": used, "limit": limit, "remaining": remaining}
