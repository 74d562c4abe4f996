"""Putting the saved objects into a running Kibana, or OpenSearch Dashboards."""

from __future__ import annotations

import httpx2

from lookalike.errors import Misconfigured
from lookalike.kibana.objects import ndjson, saved_objects

IMPORT_S = 60.0
_PATH = "/api/saved_objects/_import"
_HEADERS = {"kbn-xsrf": "lookalike", "osd-xsrf": "lookalike"}
"""Either program asks for its own header, against forged requests."""


def import_dashboards(url: str, prefix: str, user: str | None, password: str | None) -> int:
    """Imports data views and dashboards for the indices of a prefix; those of an earlier version
    are replaced. Gives how many objects they are.

    Raises `Misconfigured` where Kibana is not there, refuses who asks, or does not take one.
    """
    objects = [each for some in saved_objects(prefix).values() for each in some]
    file = ("lookalike.ndjson", ndjson(objects).encode(), "application/ndjson")
    try:
        answer = httpx2.post(
            url.rstrip("/") + _PATH,
            params={"overwrite": "true"},
            headers=_HEADERS,
            files={"file": file},
            auth=(user, password or "") if user else None,
            timeout=IMPORT_S,
            trust_env=False,
        )
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Misconfigured(
            f"Kibana does not answer at {url} ({error}). Start it, or correct the address."
        ) from error
    return _imported(answer, url)


def _imported(answer: httpx2.Response, url: str) -> int:
    if answer.status_code in {401, 403}:
        raise Misconfigured(
            f"Kibana at {url} refuses LOOKALIKE_INDEX_USER with its password, or does not let it "
            "import saved objects. Name a user that may."
        )
    try:
        said = answer.json()
        refused = [f"{each['type']} {each['id']}" for each in said.get("errors", [])]
        done = answer.status_code == 200 and said["success"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(
            f"What answers at {url} is no Kibana ({answer.status_code}). Correct the address."
        ) from error
    if not done:
        which = ", ".join(refused[:3]) or said.get("message", "")
        raise Misconfigured(f"Kibana at {url} did not take all dashboards ({which}).")
    return int(said["successCount"])
