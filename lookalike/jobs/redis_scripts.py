"""Lua scripts: each is one atomic step in the server and one round trip."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from redis import Redis

from lookalike.jobs.redis_errors import redis_in_words


class RedisScripts:
    """The scripts of one folder of `scripts/`, each with the folder's `common.lua` before it.

    Every call gets `keys`, and `arguments` before its own.
    """

    def __init__(
        self, connection: Redis, folder: str, keys: list[str], arguments: list[str | int]
    ) -> None:
        here = files("lookalike.jobs") / "scripts" / folder
        common = (here / "common.lua").read_text()
        self._keys = keys
        self._arguments = arguments
        self._scripts = {
            file.name.removesuffix(".lua"): connection.register_script(common + file.read_text())
            for file in here.iterdir()
            if file.name.endswith(".lua") and file.name != "common.lua"
        }

    def run(self, name: str, *arguments: str | int) -> Any:
        """Runs a script. Raises `QueueAway`."""
        with redis_in_words():
            return self._scripts[name](self._keys, [*self._arguments, *arguments])
