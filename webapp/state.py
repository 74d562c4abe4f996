"""The app's `Services`, made in its own process after the fork."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import current_app, g

from lookalike.bootstrap import Services

EXTENSION = "lookalike"


def services() -> Services:
    """The services of the running app, the same ones throughout a request."""
    if "services" not in g:
        current = cast(Callable[[], Services], current_app.extensions[EXTENSION])
        g.services = current()
    return cast(Services, g.services)
