"""The app's `Services`, made in its own process after the fork."""

from __future__ import annotations

from typing import cast

from flask import current_app

from lookalike.bootstrap import Services

EXTENSION = "lookalike"


def services() -> Services:
    """The services of the running app."""
    return cast(Services, current_app.extensions[EXTENSION])
