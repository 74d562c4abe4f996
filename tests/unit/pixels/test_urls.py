"""Which URLs are asked for, how, and what of them is shown."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lookalike.pixels.urls import LONGEST_SHOWN, BadUrl, joined, parse, shown


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("http://shop.test", "shop.test", "/"),
        ("HTTPS://Shop.Test.:443/a.jpg", "shop.test", "/a.jpg"),
        ("http://shop.test:443/a.jpg", "shop.test:443", "/a.jpg"),
        (
            "http://shop.test/a b/ü.jpg?w=1 0&s=%20#top",
            "shop.test",
            "/a%20b/%C3%BC.jpg?w=1%200&s=%20",
        ),
        ("http://shop.test?w=1", "shop.test", "/?w=1"),
        ("http://bücher.test/", "xn--bcher-kva.test", "/"),
        ("http://[2001:DB8::1]:8080/", "[2001:db8::1]:8080", "/"),
        ("http://192.0.2.1/", "192.0.2.1", "/"),
        (" http://shop.test/a\n.jpg", "shop.test", "/a.jpg"),
    ],
)
def test_a_url_is_asked_for_as_browsers_do(url: str, authority: str, path: str) -> None:
    target = parse(url)

    assert (target.authority, target.path) == (authority, path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.jpg",
        "//shop.test/a.jpg",
        "ftp://shop.test/a.jpg",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "http:///a.jpg",
        "http://shop.test:99999/",
        "http://shop.test:x/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://127.1/",
        "http://sh op.test/",
        "http://shop.test\\@10.0.0.1/",
        "http://a..b/",
        "http://shop.test/\ud800",
    ],
)
def test_what_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(BadUrl):
        parse(url)


@pytest.mark.parametrize("url", ["http://user@shop.test/", "http://:secret@shop.test/"])
def test_a_url_with_a_user_is_refused(url: str) -> None:
    with pytest.raises(BadUrl, match="user name or a password"):
        parse(url)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("b.jpg", "http://shop.test/a/b.jpg"),
        ("/b.jpg", "http://shop.test/b.jpg"),
        ("//cdn.test/b.jpg", "http://cdn.test/b.jpg"),
        ("https://cdn.test/b.jpg", "https://cdn.test/b.jpg"),
    ],
)
def test_a_redirect_leads_on_from_where_it_was_answered(location: str, url: str) -> None:
    assert joined("http://shop.test/a/a.jpg", location) == url


def test_a_redirect_to_no_url_is_refused() -> None:
    with pytest.raises(BadUrl):
        joined("http://shop.test/", "http://[")


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://shop.test:81/a@2x.jpg?token=secret#secret", "https://shop.test:81/a@2x.jpg"),
        ("https://user:secret@shop.test/a.jpg", "https://shop.test/a.jpg"),
        ("https:user:secret@shop.test", "shop.test"),
        (
            "https://cdn.test/fetch/https://shop.test/a.jpg",
            "https://cdn.test/fetch/https://shop.test/a.jpg",
        ),
        ("https://u:secret@cdn.test/https://shop.test/a", "https://cdn.test/https://shop.test/a"),
        ("picture.jpg", "picture.jpg"),
        ("http://shop.test/\ud800\r\n", "http://shop.test/\ufffd\ufffd\ufffd"),
    ],
)
def test_secrets_are_not_shown(url: str, text: str) -> None:
    assert shown(url) == text


def test_a_long_url_is_shown_cut() -> None:
    text = shown("http://shop.test/" + "a" * 500)

    assert len(text) == LONGEST_SHOWN
    assert text.endswith("a…")


@given(st.text() | st.from_regex(r"https?://[^/]{0,20}(:[0-9]+)?/.{0,20}"))
@example("http://\u2100.test/")
def test_any_text_is_a_target_or_refused(url: str) -> None:
    shown(url).encode()
    try:
        target = parse(joined("http://shop.test/", url))
    except BadUrl:
        return
    assert target.authority.isascii()
    assert target.path.isascii()
    assert target.path.startswith("/")
    assert not set(target.authority + target.path) & set(" \r\n\t\0")
