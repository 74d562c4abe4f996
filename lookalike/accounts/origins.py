"""Origins of web pages, in the one form in which browsers send them."""

from __future__ import annotations

from lookalike.errors import Invalid
from lookalike.pixels.urls import BadUrl, parse

_FORM = "Give each origin as scheme and host, e.g. https://shop.example or http://localhost:3000."


def origin(text: str) -> str:
    """The origin that a browser sends from pages of this address. Raises `Invalid`.

    Names are lower case and in IDNA, and a scheme's own port is left out.
    """
    try:
        target = parse(text.strip())
    except BadUrl as error:
        raise _invalid(text) from error
    if target.path != "/" or "*" in target.host or "?" in text or "#" in text:
        raise _invalid(text)
    return f"{target.scheme}://{target.authority}"


def _invalid(text: str) -> Invalid:
    detail = f"{text[:100]!r} is no origin. {_FORM}"
    return Invalid(detail, {"origins": [detail]})
