"""The web's process: gunicorn, configured for this work. `python -m lookalike.running.server FD …`
serves on the listening sockets with those file descriptors, which whoever starts it has bound."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Any

from gunicorn import util
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger

from lookalike.running.rolling import RollingArbiter
from lookalike.settings import Settings, read_settings
from lookalike.telemetry.logs import configure_logs

APP = "webapp.app:create_app()"

KEEP_ALIVE_S = 75
"""Longer than proxies keep an idle connection (nginx, AWS: 60 seconds), so that it is they who
close it, and no request meets a connection that is being closed."""

SILENT_S = 120
"""A process that has not stirred for so long is killed: it hangs, or cannot start."""

_BESIDES_S = 15
"""What a search takes besides the waiting that settings bound: the model, and others before it."""


def graceful_s(settings: Settings) -> int:
    """How long a stopping web finishes its requests: longer than the slowest search, which waits
    for a picture and for the engine."""
    return round(settings.fetch_timeout_s + settings.index_timeout_s + _BESIDES_S)


def configuration(settings: Settings, listeners: Sequence[str]) -> dict[str, Any]:
    """gunicorn's settings. The app is not loaded before the fork: ONNX Runtime and gRPC start
    threads when they are imported, which no fork survives, and so a reload loads new code, too."""
    return {
        "bind": [f"fd://{each}" for each in listeners],
        "worker_class": "lookalike.running.patience.PatientWorker",
        "workers": settings.web_processes,
        "threads": settings.web_threads,
        "preload_app": False,
        "timeout": SILENT_S,
        "graceful_timeout": graceful_s(settings),
        "keepalive": KEEP_ALIVE_S,
        "limit_request_line": 8190,
        "limit_request_fields": 100,
        "limit_request_field_size": 8190,
        "control_socket_disable": True,
        "loglevel": "warning",
        "logger_class": "lookalike.running.server.OurLogs",
    }


class OurLogs(Logger):  # type: ignore[misc]
    """gunicorn's lines among all others, in their form."""

    def setup(self, cfg: Config) -> None:  # noqa: ARG002
        """Called by gunicorn."""
        self.loglevel = logging.WARNING
        self.error_log.setLevel(self.loglevel)
        self.error_log.propagate = True
        self.access_log.propagate = False


class Web(BaseApplication):  # type: ignore[misc]
    """gunicorn's own frame around the app."""

    def __init__(self, settings: Settings, listeners: Sequence[str]) -> None:
        self._configuration = configuration(settings, listeners)
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        for name, value in self._configuration.items():
            self.cfg.set(name, value)

    def load(self) -> object:
        """The app, made in each process after the fork."""
        return util.import_app(APP)

    def run(self) -> None:
        """Serves until TERM or INT."""
        RollingArbiter(self).run()


if __name__ == "__main__":
    found = read_settings()
    configure_logs(found.log_level, found.log_format)
    Web(found, sys.argv[1:]).run()
