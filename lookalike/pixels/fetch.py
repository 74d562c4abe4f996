"""The guarded downloader: fetches a picture from a URL that a stranger wrote.

Only http and https, only addresses that the rule permits, redirects checked like first requests,
bounded in bytes and, from the look-up of the name to the last byte, in time. No proxies of the
environment, no cookies, no decompression."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from importlib.metadata import version

import httpcore2

from lookalike.errors import Misconfigured, PictureUnreachable, PictureUnusable
from lookalike.errors import PictureReason as Reason
from lookalike.pixels.addresses import AddressRule
from lookalike.pixels.clock import Clock, left_s, timed
from lookalike.pixels.connecting import CheckedBackend, Resolve, resolve
from lookalike.pixels.download import Download, Validators, validators_of
from lookalike.pixels.politeness import Politeness, asked_pause_s
from lookalike.pixels.urls import Target, joined, parse, shown
from lookalike.pixels.wording import in_words, named, refusal

MOST_REDIRECTS = 3
_REDIRECTS = {301, 302, 303, 307, 308}
_ACCEPT = "image/jpeg, image/png, image/webp, image/gif, image/avif, */*;q=0.1"


class Fetcher:
    """Fetches pictures; one a process, used by all its threads.

    `allow` names what may be fetched from besides public addresses (see `AddressRule`);
    `timeout_s` is how long one picture may take from the look-up of its host's name to its last
    byte, `max_bytes` its largest file, `host_limit` how many requests one host gets at once;
    `contact` goes into the User-Agent. Raises `Misconfigured` for an `allow` or a `contact` that
    cannot be used.
    """

    def __init__(
        self,
        *,
        allow: Iterable[str] = (),
        timeout_s: float = 20.0,
        max_bytes: int = 20 * 1024 * 1024,
        contact: str = "",
        host_limit: int = 6,
        resolve: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._agent = _agent(contact)
        self._politeness = Politeness(host_limit)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trust or ssl.create_default_context(),
            max_connections=None,
            max_keepalive_connections=32,
            keepalive_expiry=15.0,
            network_backend=CheckedBackend(AddressRule(allow), resolve),
        )

    def fetch(self, url: str, deadline_s: float | None = None) -> bytes:
        """The bytes behind a URL. With `deadline_s` the caller waits no longer than that, even if
        the host's turns are all taken.

        Raises `PictureUnusable` where trying again would change nothing, `PictureUnreachable`
        where it might.
        """
        found = self._follow(url, Clock(self._timeout_s, deadline_s), Validators())
        assert found is not None  # nothing was asked on a condition
        return found.data

    def download(self, url: str, known: Validators) -> Download | None:
        """The picture behind a URL; None where its host says that it is the one that is known.
        Raises what `fetch` raises."""
        return self._follow(url, Clock(self._timeout_s, None), known)

    def _follow(self, url: str, clock: Clock, known: Validators) -> Download | None:
        at = url
        for _ in range(MOST_REDIRECTS + 1):
            where = named(url, at)
            with in_words(where), timed(clock):
                found = self._request(parse(at), where, clock, known)
                if not isinstance(found, str):
                    return found
                at = joined(at, found)
        raise PictureUnusable(
            f"{shown(url)} redirects more than {MOST_REDIRECTS} times. Give the picture's own URL.",
            reason=Reason.REDIRECTS,
        )

    def _request(
        self, target: Target, where: str, clock: Clock, known: Validators
    ) -> Download | str | None:
        """The picture, or where the host says that it is instead; None: it is the known one."""
        url = httpcore2.URL(
            scheme=target.scheme, host=target.host, port=target.port, target=target.path
        )
        headers = [
            ("Host", target.authority),
            ("User-Agent", self._agent),
            ("Accept", _ACCEPT),
            ("Accept-Encoding", "identity"),
            *known.conditions(),
        ]
        with (
            self._politeness.turn(target.host, clock),
            self._pool.stream("GET", url, headers=headers) as response,
        ):
            answer = _named_headers(response)
            if response.status in _REDIRECTS and "location" in answer:
                return answer["location"]
            if response.status == 304 and known.conditions():
                return None
            if response.status != 200:
                pause_s = asked_pause_s(answer.get("retry-after", ""))
                error = refusal(where, response.status, pause_s)
                if isinstance(error, PictureUnreachable) and error.retry_after:
                    self._politeness.pause(target.host, error.retry_after)
                raise error
            return Download(self._body(response, answer, where), validators_of(answer))

    def _body(self, response: httpcore2.Response, answer: Mapping[str, str], where: str) -> bytes:
        if answer.get("content-encoding", "identity").lower() != "identity":
            raise PictureUnusable(
                f"{where} is sent compressed, which was not asked for. Have its server send the "
                "picture as it is.",
                reason=Reason.COMPRESSED,
            )
        announced = answer.get("content-length", "")
        if announced.isdigit() and int(announced) > self._max_bytes:
            raise self._too_big(where)
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > self._max_bytes:
                raise self._too_big(where)
            left_s()  # many small chunks may come out of one read
        return bytes(body)

    def _too_big(self, where: str) -> PictureUnusable:
        return PictureUnusable(
            f"{where} is larger than {self._max_bytes / 2**20:g} MB. Give the URL of a smaller "
            "file.",
            reason=Reason.FILE_TOO_LARGE,
        )

    def close(self) -> None:
        """Closes all connections."""
        self._pool.close()


def _agent(contact: str) -> str:
    if not (contact.isascii() and contact.isprintable()):
        raise Misconfigured(
            f"LOOKALIKE_FETCH_CONTACT={contact!r} cannot stand in a header. Give a URL or an "
            "e-mail address in plain ASCII."
        )
    agent = f"Lookalike/{version('lookalike')}"
    return f"{agent} (+{contact})" if contact else agent


def _named_headers(response: httpcore2.Response) -> dict[str, str]:
    return {
        name.decode("ascii").lower(): value.decode("utf-8", "replace")
        for name, value in response.headers
    }
