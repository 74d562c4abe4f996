"""Where an engine is and who we are to it; and what is said when it cannot be reached."""

from __future__ import annotations

import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lookalike.errors import Misconfigured

CONNECTIONS = 32
"""Requests at once of one process: more than its threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An engine's URL, and what opens it: an API key, or a user and a password. `ca`: a file of
    certificates to trust instead of the system's."""

    url: str
    api_key: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None

    @property
    def shown(self) -> str:
        """The address without anything secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}:{parts.port or ''}".rstrip(":")

    @property
    def headers(self) -> dict[str, str]:
        """What says who we are. Not left to the clients, which know no password but in ASCII."""
        if self.api_key:
            return {"authorization": f"ApiKey {self.api_key.strip()}"}
        if self.user:
            pair = f"{self.user}:{self.password or ''}".encode()
            return {"authorization": f"Basic {b64encode(pair).decode()}"}
        return {}

    @property
    def tls(self) -> dict[str, Any]:
        """What the clients need to trust the file of `ca`. Raises `Misconfigured`."""
        if self.ca is None or not self.url.startswith("https:"):
            return {}
        try:
            return {"ssl_context": ssl.create_default_context(cafile=self.ca)}
        except OSError as error:
            raise Misconfigured(
                f"LOOKALIKE_INDEX_CA={self.ca} cannot be used ({error.strerror or error}). Name a "
                "file of certificates in PEM."
            ) from error

    @property
    def certificate_refused(self) -> str:
        """What is said when its certificate is not trusted."""
        return (
            f"The certificate of {self.shown} is not trusted. Name the file of its authority with "
            "LOOKALIKE_INDEX_CA, or correct the address."
        )


def words_of(address: Address) -> str:
    """What is said when the engine does not answer."""
    return (
        f"The engine at {address.shown} does not answer. Start it, or correct LOOKALIKE_INDEX_URL; "
        "nothing that was accepted is lost."
    )


def is_certificate_error(error: BaseException | None) -> bool:
    """Whether a failed connection failed for a certificate: what a client raises, or what it raised
    that for."""
    if error is None:
        return False
    return "certificate verify failed" in str(error) or is_certificate_error(error.__cause__)
