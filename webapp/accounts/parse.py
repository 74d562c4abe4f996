"""Requests of `/v1/account` as plain values of the capability; wrong ones raise `Invalid`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from lookalike.accounts.accounts import KeyChanges
from lookalike.accounts.keys import DEFAULT_BURST, Wanted
from lookalike.accounts.model import Browser
from lookalike.accounts.origins import origin
from lookalike.errors import Invalid
from webapp.accounts.schemas import KeyPatch, NewKey, Rotation
from webapp.loading import load

_NEW = NewKey()
_PATCH = KeyPatch()
_ROTATION = Rotation()


def wanted(sent: Mapping[str, Any]) -> Wanted:
    """What a new key shall be."""
    values = load(_NEW, sent)
    browser = None
    if "origins" in values:
        burst = values.get("burst", DEFAULT_BURST)
        browser = Browser(origins=_canonical(values["origins"]), burst=burst)
    return Wanted(
        label=values.get("label", ""),
        scopes=frozenset(values["scopes"]) if "scopes" in values else None,
        expires_at=values.get("expires_at"),
        browser=browser,
    )


def changes(sent: Mapping[str, Any]) -> KeyChanges:
    """What of a key is to change."""
    values = load(_PATCH, sent)
    if not values:
        raise Invalid(f"Say what to change: {', '.join(_PATCH.fields)}.")
    if "origins" in values:
        values["origins"] = _canonical(values["origins"])
    return cast(KeyChanges, values)


def overlap_hours(sent: Mapping[str, Any]) -> float:
    """How long a rotated key goes on."""
    return float(load(_ROTATION, sent)["overlap_hours"])


def _canonical(origins: Iterable[str]) -> frozenset[str]:
    return frozenset(map(origin, origins))
