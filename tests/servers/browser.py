"""A real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.servers.needs import NotHere

COMMANDS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that has nothing open. Raises `NotHere`."""
    command = next(filter(None, map(shutil.which, COMMANDS)), None)
    if command is None:
        raise NotHere("This needs Chromium: install it (Debian's package is called chromium).")
    with sync_playwright() as playwright:
        # No sandbox, which root may not have: it opens nothing but pages of our own.
        browser = playwright.chromium.launch(executable_path=command, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
