"""Which addresses may be connected to."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from lookalike.errors import Misconfigured
from lookalike.pixels.addresses import AddressRule, host_name

PUBLIC = [
    "8.8.8.8",
    "2001:4860:4860::8888",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]
NOT_PUBLIC = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.1.2.3",
    "64:ff9b::10.1.2.3",
    "64:ff9b:1::10.1.2.3",
    "2001:0:808:808::f5fe:fdfc",  # Teredo, by a public server to the client 10.1.2.3
    "2001:0:a01:203::f7f7:f7f7",  # Teredo, by the server 10.1.2.3 to a public client
    "2001:db8::1",
    "2002:a01:203::1",  # 6to4 of 10.1.2.3
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    assert AddressRule().permits("shop.test", ip_address(address), 443)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_all_others_are_not(address: str) -> None:
    assert not AddressRule().permits("shop.test", ip_address(address), 80)


@pytest.mark.parametrize(
    ("entry", "host", "address", "port"),
    [
        ("127.0.0.1", "a.test", "127.0.0.1", 80),
        ("127.0.0.1:8766", "a.test", "127.0.0.1", 8766),
        ("10.0.0.0/8", "a.test", "10.9.9.9", 443),
        ("10.0.0.0/8", "a.test", "::ffff:10.9.9.9", 443),
        ("10.0.0.0/8:8080", "a.test", "10.9.9.9", 8080),
        ("[::1]", "a.test", "::1", 80),
        ("::1", "a.test", "::1", 80),
        ("[::1]:9000", "a.test", "::1", 9000),
        ("fd00::/8", "a.test", "fd12::1", 80),
        ("[fd00::/8]:81", "a.test", "fd12::1", 81),
        ("cdn.shop.local", "cdn.shop.local", "192.168.0.1", 80),
        ("CDN.Shop.Local.", "cdn.shop.local", "192.168.0.1", 80),
        ("intra.shop:8443", "intra.shop", "192.168.0.1", 8443),
        ("bücher.local", "xn--bcher-kva.local", "192.168.0.1", 80),
    ],
)
def test_an_entry_allows_what_it_names(entry: str, host: str, address: str, port: int) -> None:
    assert AddressRule([entry]).permits(host, ip_address(address), port)


@pytest.mark.parametrize(
    ("entry", "host", "address", "port"),
    [
        ("127.0.0.1", "a.test", "127.0.0.2", 80),
        ("127.0.0.1:8766", "a.test", "127.0.0.1", 80),
        ("10.0.0.0/8:8080", "a.test", "10.9.9.9", 80),
        ("::1:9000", "a.test", "::1", 9000),
        ("cdn.shop.local", "shop.local", "192.168.0.1", 80),
        ("cdn.shop.local", "evil.cdn.shop.local", "192.168.0.1", 80),
        ("intra.shop:8443", "intra.shop", "192.168.0.1", 443),
        ("8.8.8.8", "a.test", "2001:0:808:808::f5fe:fdfc", 80),
    ],
)
def test_an_entry_allows_nothing_else(entry: str, host: str, address: str, port: int) -> None:
    assert not AddressRule([entry]).permits(host, ip_address(address), port)


@pytest.mark.parametrize(
    "entry",
    [
        "",
        " ",
        "a b",
        "*.shop.local",
        "http://shop.local",
        "shop.local/x",
        "shop.local:0",
        "shop.local:65536",
        "shop.local:http",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "300.1.1.1",
        "10.1",
        "[::1",
        "::1]:",
    ],
)
def test_an_entry_that_is_none_is_named(entry: str) -> None:
    with pytest.raises(Misconfigured) as error:
        AddressRule(["shop.local", entry])

    assert repr(entry) in error.value.detail


@pytest.mark.parametrize("text", ["", ".", "a..b", "-a.test", "a" * 64, "a." * 127 + "ab", "127.1"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        host_name(text)
