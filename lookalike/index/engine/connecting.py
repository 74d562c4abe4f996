"""Where an engine is and who we are to it; and what is said when it cannot be reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

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


def is_certificate_error(error: BaseException) -> bool:
    """Whether a failed connection failed for a certificate."""
    return "CERTIFICATE_VERIFY_FAILED" in str(error) or "certificate verify failed" in str(error)
