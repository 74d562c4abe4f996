"""Origins, in the one form in which browsers send them."""

from __future__ import annotations

import pytest

from lookalike.accounts.origins import origin
from lookalike.errors import Invalid


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        (" HTTPS://Shop.Example:443 ", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://крамниця.укр", "https://xn--80aqejfp0c4d.xn--j1amh"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_written_as_browsers_send_it(given: str, sent: str) -> None:
    assert origin(given) == sent


@pytest.mark.parametrize(
    "given",
    [
        "",
        "*",
        "null",
        "shop.example",
        "https://*.shop.example",
        "https://",
        "https://shop.example/page",
        "https://shop.example?",
        "https://shop.example#top",
        "https://user@shop.example",
        "https://a b",
        "https://shop.example:99999",
        "ftp://shop.example",
        "file:///home",
        "https://a.example https://b.example",
    ],
)
def test_what_is_no_origin_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(Invalid, match="is no origin") as caught:
        origin(given)
    assert list(caught.value.errors) == ["origins"]
