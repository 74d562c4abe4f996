"""Putting the saved objects into a running Kibana, or OpenSearch Dashboards."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

import httpx2

from lookalike.errors import Misconfigured
from lookalike.index.engine.connecting import Address, is_certificate_error
from lookalike.kibana.objects import ndjson, saved_objects

IMPORT_S = 60.0
_PATH = "/api/saved_objects/_import"
_HEADERS = {"kbn-xsrf": "lookalike", "osd-xsrf": "lookalike"}
"""Either program asks for its own header, against forged requests."""

_SHOWN = 3
"""How many objects that were refused are named."""


def import_dashboards(address: Address, prefix: str) -> int:
    """Imports data views and dashboards for the indices of a prefix; those of an earlier version
    are replaced. Gives how many objects they are.

    Raises `Misconfigured` where Kibana is not there, refuses who asks, or does not take one.
    """
    _check(address.url)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it would say each request
    objects = [each for some in saved_objects(prefix).values() for each in some]
    file = ("lookalike.ndjson", ndjson(objects).encode(), "application/ndjson")
    try:
        answer = httpx2.post(
            address.url.rstrip("/") + _PATH,
            params={"overwrite": "true"},
            headers=_HEADERS | address.headers,
            files={"file": file},
            verify=address.tls.get("ssl_context", True),
            timeout=IMPORT_S,
            trust_env=False,
        )
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        if is_certificate_error(error):
            raise Misconfigured(address.certificate_refused) from error
        raise Misconfigured(
            f"Kibana does not answer at {address.shown} ({error}). Start it, or correct the "
            "address."
        ) from error
    return _imported(answer, address.shown)


def _check(url: str) -> None:
    """Raises `Misconfigured`, without the URL, which may hold a password."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
        _ = parts.port
    except ValueError:
        good = False
    if not good:
        raise Misconfigured(
            "Kibana's address must be http://HOST:PORT or https://HOST:PORT, with a path if it has "
            "one, and no password: LOOKALIKE_INDEX_USER and LOOKALIKE_INDEX_PASSWORD are for that."
        )


def _imported(answer: httpx2.Response, shown: str) -> int:
    if answer.status_code in {401, 403}:
        raise Misconfigured(
            f"Kibana at {shown} refuses LOOKALIKE_INDEX_USER with its password (or "
            "LOOKALIKE_INDEX_API_KEY), or does not let it import saved objects. Name one that may."
        )
    if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
        raise Misconfigured(f"Kibana at {shown} is still starting. Try again in a minute.")
    said = _said(answer)
    if answer.status_code == httpx2.codes.OK and said.get("success") is True:
        return int(said["successCount"])
    if why := _refused(said) or said.get("message"):
        raise Misconfigured(f"Kibana at {shown} did not take all dashboards ({why}).")
    raise Misconfigured(
        f"What answers at {shown} is no Kibana ({answer.status_code}). Correct the address."
    )


def _said(answer: httpx2.Response) -> dict[str, Any]:
    """The JSON object of an answer; an empty one where there is none."""
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _refused(said: dict[str, Any]) -> str:
    """Which objects were refused, and why."""
    refused = [each for each in said.get("errors") or [] if isinstance(each, dict)]
    named = [f"{each['type']} {each['id']}: {each['error']['type']}" for each in refused[:_SHOWN]]
    more = [f"and {len(refused) - _SHOWN} more"] if len(refused) > _SHOWN else []
    return ", ".join(named + more)
