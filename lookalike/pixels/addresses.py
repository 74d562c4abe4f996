"""Which addresses pictures may be fetched from: public ones, and those that the operator allows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from lookalike.errors import Misconfigured

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")

# All that is public in IPv6; Python calls more global, site-local addresses among it.
_GLOBAL_UNICAST = IPv6Network("2000::/3")

_NOT_PUBLIC = (
    IPv4Network("192.0.0.0/24"),  # not all of it is private to every Python
    IPv4Network("168.63.129.16/32"),  # where Azure's host answers its virtual machines
)

_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*")
_ENTRY = re.compile(r"(?P<place>.+?)(:(?P<port>[0-9]{1,5}))?")


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
        return all(
            _is_public(end) or any(each.covers(host, end, port) for each in self._allowed)
            for end in _ends(address)
        )


@dataclass(frozen=True, slots=True)
class _Allowed:
    """One entry of the operator: a host name or a network, on one port or on all."""

    place: str | Network
    port: int | None

    def covers(self, host: str, address: Address, port: int) -> bool:
        if self.port not in {None, port}:
            return False
        if isinstance(self.place, str):
            return self.place == host
        return address in self.place


def literal(host: str) -> Address | None:
    """The address that a host is, where it is no name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def host_name(text: str) -> str:
    """A host's name as it is looked up and compared: in lower case, IDNA, without a final dot.

    Raises `ValueError` for what is no name. One that ends in a number is a mistyped address, which
    resolvers would read in ways of their own (`127.1`).
    """
    if len(text) > 253:
        raise ValueError("too long for a host name")
    name = text.removesuffix(".").encode("idna").decode("ascii").lower()
    if not _NAME.fullmatch(name) or name.rpartition(".")[2].isdigit():
        raise ValueError("no host name")
    return name


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    listed = any(address in network for network in _NOT_PUBLIC)
    return address.is_global and not address.is_multicast and not listed


def _ends(address: Address) -> tuple[Address, ...]:
    """Where packets to an address end up: for an IPv6 address that only carries IPv4, at those."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return address.teredo or (address.ipv4_mapped or address.sixtofour or address,)


def _parse(entry: str) -> _Allowed:
    if whole := _network(entry):  # before any port is looked for: IPv6 has colons of its own
        return _Allowed(whole, None)
    match = _ENTRY.fullmatch(entry)
    place = match and (_network(match["place"]) or _name(match["place"]))
    port = int(match["port"]) if match and match["port"] else None
    if not place or port not in {None, *range(1, 65536)}:
        raise Misconfigured(
            f"LOOKALIKE_FETCH_ALLOW holds {entry!r}, which is neither a host, an address nor a "
            "network, with or without a port. Write it like cdn.shop.internal, 10.2.0.0/16:8080 or "
            "[::1]:9000."
        )
    return _Allowed(place, port)


def _network(text: str) -> Network | None:
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        return ip_network(text)
    except ValueError:
        return None


def _name(text: str) -> str | None:
    try:
        return host_name(text)
    except ValueError:
        return None
