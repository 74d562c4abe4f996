"""What a machine must have before a real server can run on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path


class NotHere(Exception):
    """This machine cannot run the server; the sentence says what is missing."""


def java(at_least: int) -> Path:
    """The home of the oldest Java of this version or later, since a server may be too old for a
    newer one. Raises `NotHere`."""
    found = {home: version for home in _homes() if (version := _version(home)) >= at_least}
    if not found:
        raise NotHere(f"This needs Java {at_least} or later: install it, or set JAVA_HOME.")
    return min(found, key=lambda home: found[home])


def maven() -> str:
    """Maven's command. Raises `NotHere`."""
    if command := shutil.which("mvn"):
        return command
    raise NotHere("This needs Maven (mvn), which fetches the server: install it.")


def _homes() -> Iterator[Path]:
    if named := os.environ.get("JAVA_HOME"):
        yield Path(named)
    yield from Path("/usr/lib/jvm").glob("*")
    if command := shutil.which("java"):
        yield Path(command).resolve().parents[1]


def _version(home: Path) -> int:
    """The major version of the Java there; 0 where there is none."""
    if not (home / "bin" / "java").is_file():
        return 0
    said = subprocess.run(
        [home / "bin" / "java", "-version"], capture_output=True, text=True, check=False
    )
    number = re.search(r'version "(\d+)', said.stderr)
    return int(number[1]) if number else 0
