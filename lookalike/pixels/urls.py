"""The URLs of pictures: which may be asked for at all, and how one is shown to people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from lookalike.pixels.addresses import host_name, literal

DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST_SHOWN = 200

# Besides letters and digits, what a server reads as it is written; the rest is percent-encoded.
_AS_WRITTEN = "/?%:@!$&'()*+,;=~-._"

_WITH_USER = re.compile(r"^([a-z+.-]*://)?[^/]*@", re.IGNORECASE)


class BadUrl(Exception):
    """This is nothing that can be asked for; the text goes on after the URL in a sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads. `host` is a name in IDNA or a bare address; `path` holds the query too and
    is percent-encoded."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str) -> Target:
    """Where a URL leads. Raises `BadUrl`."""
    try:
        parts = urlsplit(url)
        usual_port = DEFAULT_PORTS[parts.scheme]
        path = quote(parts.path or "/", _AS_WRITTEN)
        query = f"?{quote(parts.query, _AS_WRITTEN)}" if parts.query else ""
        host, port = _host(parts.hostname or ""), parts.port or usual_port
    except (ValueError, KeyError) as error:
        raise BadUrl("is no http or https URL. Correct it.") from error
    if parts.username is not None or parts.password is not None:
        raise BadUrl("carries a user name or a password, which are never sent. Remove them.")
    return Target(parts.scheme, host, port, path + query)


def joined(base: str, location: str) -> str:
    """The URL that a redirect from `base` names. Raises `BadUrl`."""
    try:
        return urljoin(base, location)
    except ValueError as error:
        raise BadUrl("redirects to something that is no URL. Give the picture's own.") from error


def shown(url: str) -> str:
    """A URL as people may see it and databases keep it: without user, password, query and fragment,
    which may hold secrets, and at most 200 characters long."""
    plain = _WITH_USER.sub(r"\1", re.split(r"[?#]", url, maxsplit=1)[0])
    text = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in plain)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def _host(text: str) -> str:
    address = literal(text)
    if address is None:
        return host_name(text)
    if "%" in text:
        raise ValueError("an address with a zone means something on one machine only")
    return str(address)
