"""Each request is a span, and goes on with its caller's trace."""

from __future__ import annotations

from flask import Flask, request
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.trace import Span

from lookalike.telemetry import tracing

_NOT_TRACED = "healthz,readyz,metrics"


def install(app: Flask) -> None:
    """Traces requests, where traces are wanted at all."""
    if tracing.is_wanted():
        FlaskInstrumentor().instrument_app(  # type: ignore[no-untyped-call]
            app, response_hook=_without_query, excluded_urls=_NOT_TRACED
        )


def _without_query(span: Span, status: str, headers: list[tuple[str, str]]) -> None:  # noqa: ARG001
    """What stands behind the path may be anything; the path tells enough."""
    if span.is_recording():
        span.set_attribute("http.target", request.path)
        span.set_attribute("url.query", "")
