"""What a host answers when it is asked for a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_LONGEST = 256


@dataclass(frozen=True, slots=True)
class Validators:
    """By what a host tells whether a picture is still the one that it sent (RFC 9110, 8.8)."""

    etag: str | None = None
    last_modified: str | None = None

    def conditions(self) -> list[tuple[str, str]]:
        """The headers that ask for the picture only if it is another one by now."""
        conditions = []
        if self.etag:
            conditions.append(("If-None-Match", self.etag))
        if self.last_modified:
            conditions.append(("If-Modified-Since", self.last_modified))
        return conditions


@dataclass(frozen=True, slots=True)
class Download:
    """A picture's bytes, and by what to ask for it the next time."""

    data: bytes
    validators: Validators = Validators()


def validators_of(headers: Mapping[str, str]) -> Validators:
    """Those of an answer, by names in lower case; what could not stand in a request is left out."""
    return Validators(_fit(headers.get("etag")), _fit(headers.get("last-modified")))


def _fit(value: str | None) -> str | None:
    fits = value and len(value) <= _LONGEST and value.isascii() and value.isprintable()
    return value if fits else None
