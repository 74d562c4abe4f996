"""Where pictures may be fetched from."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from lookalike.errors import Misconfigured
from lookalike.pixels.addresses import AddressRule


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1"),
    ],
)
def test_what_is_not_public_is_not_fetched_from(address: str) -> None:
    assert not AddressRule().permits("shop.example", ip_address(address), 443)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_what_is_public_is(address: str) -> None:
    assert AddressRule().permits("shop.example", ip_address(address), 8443)


@pytest.mark.parametrize(
    ("entry", "host", "address", "port", "allowed"),
    [
        ("127.0.0.1", "localhost", "127.0.0.1", 80, True),
        ("127.0.0.1:8766", "localhost", "127.0.0.1", 8766, True),
        ("127.0.0.1:8766", "localhost", "127.0.0.1", 8767, False),
        ("10.0.0.0/8", "a", "10.2.3.4", 80, True),
        ("10.0.0.0/8:8080", "a", "10.2.3.4", 80, False),
        ("10.0.0.0/8", "a", "::ffff:10.2.3.4", 80, True),
        ("[::1]:9000", "a", "::1", 9000, True),
        ("[::1]", "a", "::1", 1, True),
        ("::1", "a", "::1", 1, True),
        ("fc00::/7", "a", "fc00::5", 80, True),
        ("[fc00::/7]:80", "a", "fc00::5", 80, True),
        ("cdn.internal", "CDN.internal.", "10.0.0.5", 80, True),
        ("cdn.internal:8443", "cdn.internal", "10.0.0.5", 8443, True),
        ("cdn.internal", "other.internal", "10.0.0.5", 80, False),
    ],
)
def test_the_operator_allows_hosts_networks_and_ports(
    entry: str, host: str, address: str, port: int, allowed: bool
) -> None:
    assert AddressRule([entry]).permits(host, ip_address(address), port) is allowed


@pytest.mark.parametrize(
    "entry", ["", "a b", "10.0.0.0/33", "host:0", "host:99999", "300.1.1.1", "http://x", "a:b:c"]
)
def test_an_entry_that_is_none_of_these_is_named(entry: str) -> None:
    with pytest.raises(Misconfigured, match="LOOKALIKE_FETCH_ALLOW"):
        AddressRule([entry])
