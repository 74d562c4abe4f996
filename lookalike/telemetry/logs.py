"""Logs: one line an event, on standard error, those of the libraries in the same form as ours."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from lookalike.telemetry import tracing

FORMS = ("logfmt", "json")
_FIRST = ["timestamp", "level", "event"]


def configure_logs(level: str, form: str = "logfmt") -> None:
    """Sends every log line of this process, the libraries' too, to standard error.

    `level` is debug, info, warning or error; `form` is one of `FORMS`.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    known: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    _configure_libraries(threshold, known, _renderer(form))
    structlog.configure(
        processors=[*known, _renderer(form)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _configure_libraries(threshold: int, known: list[Processor], renderer: Processor) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*known, structlog.stdlib.add_logger_name],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=threshold, force=True)
    logging.captureWarnings(capture=True)


def _renderer(form: str) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    return structlog.processors.LogfmtRenderer(key_order=_FIRST)


def _with_trace(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """The trace that the line is part of, if there is one."""
    event.update(tracing.ids())
    return event
