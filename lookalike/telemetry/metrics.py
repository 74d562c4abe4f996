"""What the processes count, in Prometheus's terms. Every metric of ours is declared here, and
`docs/metrics.md` says what each is for; a test holds the two together.

No label holds what a stranger or a merchant chose (a tenant, a key, a URL), so that the series stay
few. Several processes of one machine count into one folder, each into files of its own, where
`PROMETHEUS_MULTIPROC_DIR` of their environment names one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram

from lookalike.telemetry.departed import Together

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client's own variable, which it reads when it is imported: so it is set by whoever
starts a process."""

_FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_UPLOADS_S = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)

REQUESTS = Counter(
    "lookalike_requests_total",
    "HTTP requests answered, by method, route (its pattern, no values) and status.",
    ["method", "route", "status"],
)
REQUEST_SECONDS = Histogram(
    "lookalike_request_seconds",
    "How long requests took in the process, by route.",
    ["route"],
    buckets=_UPLOADS_S,
)
PROBLEMS = Counter(
    "lookalike_problems_total", "Requests answered with a problem document, by its code.", ["code"]
)
SEARCH_SECONDS = Histogram(
    "lookalike_search_seconds",
    "How long answered searches took, by what was asked with.",
    ["kind"],
    buckets=_FAST_S,
)
SEARCH_STEP_SECONDS = Histogram(
    "lookalike_search_step_seconds",
    "How long each step of answered searches took.",
    ["step"],
    buckets=_FAST_S,
)
SEARCHES_WITHOUT_RESULTS = Counter(
    "lookalike_searches_without_results_total",
    "Answered searches that found nothing, by what was asked with.",
    ["kind"],
)
SEARCH_EVENTS_DROPPED = Counter(
    "lookalike_search_events_dropped_total",
    "Search events that were not kept, because the engine was away or too slow.",
)
QUERY_VECTORS = Counter(
    "lookalike_query_vectors_total",
    "Vectors of queries, by whether they were remembered or had to be made.",
    ["source"],
)
MATRICES = Counter(
    "lookalike_matrices_total",
    "Matrices that searches of the embedded index used, by whether they were held or read anew.",
    ["source"],
)
MODEL_SECONDS = Histogram(
    "lookalike_model_seconds",
    "How long a call of the model took, by tower and by who waits for it.",
    ["tower", "use"],
    buckets=_FAST_S,
)
MODEL_ROWS = Histogram(
    "lookalike_model_rows",
    "How many pictures or texts a call of the model had.",
    ["tower", "use"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
)
MODEL_ERRORS = Counter(
    "lookalike_model_errors_total", "Calls that the model did not answer.", ["tower", "use"]
)
PICTURES = Counter(
    "lookalike_pictures_total",
    "Pictures of products that were fetched and decoded: ok, unchanged, or why they were not had.",
    ["result"],
)
PICTURE_SECONDS = Histogram(
    "lookalike_picture_seconds",
    "How long a product's picture took: its host's turn, the download, decoding.",
    buckets=_UPLOADS_S,
)
PRODUCTS_WORKED_OFF = Counter(
    "lookalike_products_worked_off_total",
    "Products that a worker was done with for now: embedded, failed, retry, or released unharmed.",
    ["fate"],
)
TICKS_FAILED = Counter(
    "lookalike_ticks_failed_total",
    "Ticks of workers that ended early, by the code of what was away.",
    ["code"],
)
ENGINE_SECONDS = Histogram(
    "lookalike_engine_seconds",
    "How long Elasticsearch or OpenSearch took to answer a request.",
    buckets=_FAST_S,
)
ENGINE_ERRORS = Counter(
    "lookalike_engine_errors_total",
    "Requests that the engine did not answer or could not (away), or that it refused us.",
    ["reason"],
)
ENGINE_BUSY = Counter(
    "lookalike_engine_busy_total",
    "Answers of the engine that asked to wait (429, 502, 503, 504), by status.",
    ["status"],
)


def counted() -> CollectorRegistry:
    """What was counted: by all processes that share the folder, or else by this one."""
    if FOLDER not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    together.register(Together(Path(os.environ[FOLDER])))
    return together


def new_folder(folder: Path) -> dict[str, str]:
    """Empties a folder, or makes it, for processes to count in; gives their variable. Counts begin
    at zero with the processes, as Prometheus expects."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return {FOLDER: str(folder)}
