"""Which addresses pictures may be fetched from: public ones, and those that the operator allows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from lookalike.errors import Misconfigured

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_ENTRY = re.compile(
    r"(?P<host>\[[^\]]+\](?:/\d+)?|[^:]+|[0-9a-fA-F:]+:[0-9a-fA-F:/]+)(?::(?P<port>\d{1,5}))?"
)
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Allowed:
    """One entry of the operator: a host name or a network, on one port or on all."""

    name: str | None
    network: IPv4Network | IPv6Network | None
    port: int | None

    def covers(self, host: str, address: Address, port: int) -> bool:
        if self.port is not None and self.port != port:
            return False
        if self.name is not None:
            return self.name == host.lower().rstrip(".")
        return self.network is not None and address in self.network


class AddressRule:
    """Decides for an address whether it may be connected to.

    `allow` holds what is allowed besides public addresses: host names, addresses and networks, each
    optionally with a port: `cdn.shop.internal`, `10.2.0.0/16:8080`, `[::1]:9000`. Raises
    `Misconfigured` naming an entry that is none of these.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._allowed = [_parse(entry) for entry in allow]

    def permits(self, host: str, address: Address, port: int) -> bool:
        """Whether a connection to this address, to which `host` resolved, may be made."""
        real = _unwrapped(address)
        if real.is_global and not real.is_multicast:
            return True
        return any(each.covers(host, real, port) for each in self._allowed)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only carries it."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _parse(entry: str) -> _Allowed:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        raise _wrong(entry)
    host = match["host"].replace("[", "").replace("]", "")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port < 65536:
        raise _wrong(entry)
    try:
        return _Allowed(None, ip_network(host, strict=False), port)
    except ValueError:
        if not _NAME.fullmatch(host) or host.replace(".", "").isdigit():
            raise _wrong(entry) from None
        return _Allowed(host.lower().rstrip("."), None, port)


def _wrong(entry: str) -> Misconfigured:
    return Misconfigured(
        f"LOOKALIKE_FETCH_ALLOW holds {entry!r}, which is neither a host, an address nor a network,"
        " with or without a port (such as cdn.shop.internal, 10.2.0.0/16:8080 or [::1]:9000)."
    )


def literal(host: str) -> Address | None:
    """The address that a host is, where it is no name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None
