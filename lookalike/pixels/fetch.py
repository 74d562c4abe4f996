"""The guarded downloader: fetches a picture from a URL that a stranger wrote.

Only http and https, only addresses that the rule permits, redirects checked like first requests,
bounded in bytes and, from the look-up of the name to the last byte, in time. No proxies of the
environment, no cookies, no decompression."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import httpcore2

from lookalike.errors import PictureUnreachable, PictureUnusable
from lookalike.pixels.addresses import AddressRule
from lookalike.pixels.connecting import (
    CheckedBackend,
    Forbidden,
    Resolve,
    Unresolved,
    remaining,
    resolve,
    within,
)
from lookalike.pixels.politeness import LONGEST_PAUSE_S, Paused, Politeness

MOST_REDIRECTS = 3
AT_ONCE_A_HOST = 6
_REDIRECTS = {301, 302, 303, 307, 308}
_TRY_LATER = {408, 425, 429}


class Fetcher:
    """Fetches pictures; one a process, used by all its threads.

    `allow` names what may be fetched from besides public addresses (`AddressRule`); `timeout_s` is
    the whole deadline of one picture, `max_bytes` its largest file, `contact` goes into the
    User-Agent. Raises `Misconfigured` for an entry of `allow` that cannot be understood.
    """

    def __init__(
        self,
        *,
        allow: Iterable[str] = (),
        timeout_s: float = 20.0,
        max_bytes: int = 20 * 1024 * 1024,
        contact: str = "",
        resolver: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._agent = f"Lookalike/{version('lookalike')}" + (f" (+{contact})" if contact else "")
        self._politeness = Politeness(AT_ONCE_A_HOST)
        self._backend = CheckedBackend(AddressRule(allow), resolver)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trust or ssl.create_default_context(),
            max_connections=None,
            max_keepalive_connections=32,
            keepalive_expiry=15.0,
            network_backend=self._backend,
        )

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        """The bytes behind a URL.

        Raises `PictureUnusable` where trying again would change nothing, `PictureUnreachable`
        where it might.
        """
        with within(min(self._timeout_s, deadline_s or self._timeout_s)):
            target = url
            for _ in range(MOST_REDIRECTS + 1):
                with _in_words(target):
                    found = self._request(target)
                if isinstance(found, bytes):
                    return found
                target = urljoin(target, found)
        raise PictureUnusable(
            f"{_shown(url)} redirects more than {MOST_REDIRECTS} times. Give the picture's own URL."
        )

    def _request(self, url: str) -> bytes | str:
        """The body, or where the host says that it is instead."""
        parts = _checked(url)
        host = parts.hostname or ""
        headers = [
            ("User-Agent", self._agent),
            ("Accept", "image/*"),
            ("Accept-Encoding", "identity"),
        ]
        with (
            self._politeness.turn(host, remaining()),
            self._pool.stream(
                "GET",
                _ascii(parts),
                headers=headers,
                extensions={"timeout": {"pool": remaining()}},
            ) as response,
        ):
            answered = {name.lower(): value.decode("latin-1") for name, value in _named(response)}
            if response.status in _REDIRECTS and "location" in answered:
                return answered["location"]
            if response.status != 200:
                raise self._refusal(url, host, response.status, answered)
            return self._body(url, response, answered)

    def _body(self, url: str, response: httpcore2.Response, answered: Mapping[str, str]) -> bytes:
        if answered.get("content-encoding", "identity").lower() != "identity":
            raise PictureUnusable(
                f"{_shown(url)} is answered compressed though that was not asked for. Serve the "
                "picture as it is."
            )
        length = answered.get("content-length", "")
        if length.isdigit() and int(length) > self._max_bytes:
            raise self._too_big(url)
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > self._max_bytes:
                raise self._too_big(url)
            remaining()
        return bytes(body)

    def _too_big(self, url: str) -> PictureUnusable:
        return PictureUnusable(
            f"{_shown(url)} is larger than {self._max_bytes // (1024 * 1024)} MB. Give the URL of "
            "a smaller file."
        )

    def _refusal(
        self, url: str, host: str, status: int, answered: Mapping[str, str]
    ) -> PictureUnusable | PictureUnreachable:
        if status < 500 and status not in _TRY_LATER:
            return PictureUnusable(
                f"{_shown(url)} answered {status}. Check that the URL is right and that the "
                "picture is there for everyone."
            )
        pause_s = _retry_after(answered.get("retry-after", ""))
        if pause_s is not None:
            self._politeness.pause(host, pause_s)
        return PictureUnreachable(
            f"{_shown(url)} answered {status}. Its server seems to be overloaded or broken.",
            pause_s,
        )

    def close(self) -> None:
        """Closes all connections."""
        self._pool.close()
        self._backend.close()


@contextmanager
def _in_words(url: str) -> Iterator[None]:
    """Turns what goes wrong below into a sentence about this URL."""
    shown = _shown(url)
    try:
        yield
    except Forbidden as error:
        raise PictureUnusable(
            f"{shown} is at an address from which this service does not fetch. Put the picture on "
            "a public server, or ask the operator to allow this one."
        ) from error
    except Unresolved as error:
        raise PictureUnreachable(
            f"The host of {shown} cannot be found. Check that its name is right."
        ) from error
    except Paused as error:
        raise PictureUnreachable(
            f"The host of {shown} asked for a pause.", error.seconds
        ) from error
    except (TimeoutError, httpcore2.TimeoutException) as error:
        raise PictureUnreachable(f"{shown} took too long to answer.") from error
    except ssl.SSLError as error:
        raise PictureUnreachable(f"{shown} has no valid certificate.") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
        raise PictureUnreachable(
            f"{shown} could not be fetched: its server broke the connection off or has no valid "
            "certificate."
        ) from error


def _checked(url: str) -> SplitResult:
    """The parts of a URL that may be asked for at all."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises where it is none)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise PictureUnusable(f"{_shown(url)} is no http or https URL. Correct it.")
    if parts.username is not None or parts.password is not None:
        raise PictureUnusable(
            f"{_shown(url)} carries a user name or password, which are not sent. Remove them."
        )
    return parts


def _ascii(parts: SplitResult) -> httpcore2.URL:
    """The URL as it is sent: the host in IDNA, the path percent-encoded, no fragment."""
    host = (parts.hostname or "").encode(
        "idna" if not (parts.hostname or "").isascii() else "ascii"
    )
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return httpcore2.URL(
        scheme=parts.scheme.lower().encode(), host=host, port=parts.port, target=target.encode()
    )


def _named(response: httpcore2.Response) -> Iterator[tuple[str, bytes]]:
    return ((name.decode("latin-1"), value) for name, value in response.headers)


def _retry_after(text: str) -> float | None:
    """`Retry-After` in seconds: a number, or an HTTP date."""
    if text.isdigit():
        return min(float(text), LONGEST_PAUSE_S)
    try:
        seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_PAUSE_S)


def _shown(url: str) -> str:
    """A URL as it may be shown: without user, query and fragment, which may hold secrets."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"[:200]
    except ValueError:
        return "This URL"
