"""Traces, by OpenTelemetry and its own environment variables (`OTEL_…`), which its SDK reads.
Without one that says where spans go, nothing is traced and all of this costs next to nothing.

A trace follows an upload across the queue: with each product stands where it came from, in the form
of W3C's `traceparent`, and the worker goes on from there."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_SWITCHES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_HEADER = "traceparent"

_tracer = trace.get_tracer("lookalike")
_w3c = TraceContextTextMapPropagator()


def is_wanted() -> bool:
    """Whether the environment says where spans go."""
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "otlp")
    return not disabled and exporter == "otlp" and any(os.environ.get(name) for name in _SWITCHES)


def begin(service: str) -> None:
    """Sends this process's spans from now on, in the background, and the last ones when it ends.
    Call it after forks. `service` names the process unless `OTEL_SERVICE_NAME` does."""
    if not is_wanted():
        return
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: service}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


@contextmanager
def span(name: str, **attributes: str | int) -> Iterator[None]:
    """A step of whatever is traced around it."""
    with _tracer.start_as_current_span(name, attributes=attributes):
        yield


def here() -> str:
    """Where we are, for others to go on from: a `traceparent`, or nothing outside a trace that is
    recorded."""
    carrier: dict[str, str] = {}
    if trace.get_current_span().is_recording():
        _w3c.inject(carrier)
    return carrier.get(_HEADER, "")


@contextmanager
def going_on(origins: Iterable[str], name: str) -> Iterator[None]:
    """A span in each trace that one of the `origins` (see `here`) is part of, with how many there
    were as `products`; each is linked to the span around it."""
    around = trace.Link(trace.get_current_span().get_span_context())
    with ExitStack() as spans:
        for origin, count in Counter(filter(None, origins)).items():
            started = _tracer.start_span(
                name,
                context=_w3c.extract({_HEADER: origin}),
                links=[around],
                attributes={"products": count},
            )
            spans.enter_context(trace.use_span(started, end_on_exit=True))
        with trace.use_span(trace.NonRecordingSpan(around.context)):
            yield


def ids() -> dict[str, str]:
    """The ids of the current trace and span, for log lines; none outside a trace."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {
        "trace_id": trace.format_trace_id(context.trace_id),
        "span_id": trace.format_span_id(context.span_id),
    }
