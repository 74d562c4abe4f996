"""The dashboards, panel by panel: what each counts, of what, and by what.

`python -m lookalike.kibana` makes the saved objects of `index_templates/kibana/` from this."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LAST_MONTH = "updated_at:[now-30d TO now]"


class View(StrEnum):
    """What a panel looks at; the value is what follows the prefix of the indices' names."""

    PRODUCTS = "products"
    SEARCHES = "searches-*"


TIME_FIELDS = {View.SEARCHES: "@timestamp"}
"""The views whose panels follow the clock at the top of the page. Products are shown whole, however
long ago they came."""


class Shape(StrEnum):
    """How a panel is drawn."""

    NUMBER = "metric"
    TABLE = "table"
    PIE = "pie"
    BARS = "histogram"
    LINES = "line"


@dataclass(frozen=True, slots=True)
class Number:
    """What is measured: a count, or a function (avg, percentiles) of a field."""

    function: str = "count"
    field: str | None = None
    label: str = "Number"


@dataclass(frozen=True, slots=True)
class Split:
    """By what it is measured: each of the `size` most frequent values of a field, intervals of a
    number (`every`), or of time (`every` a word such as `d`, or `auto`)."""

    field: str
    label: str
    size: int = 10
    every: float | str | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture. `only`: a query in Lucene's syntax that all it shows must match. `wide`: of 48
    columns."""

    title: str
    shape: Shape
    view: View
    numbers: tuple[Number, ...] = (Number(),)
    splits: tuple[Split, ...] = ()
    only: str = ""
    wide: int = 24
    high: int = 15


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Panels on one page, in rows from the left."""

    name: str
    title: str
    about: str
    panels: tuple[Panel, ...]


def _products(only: str, title: str) -> Panel:
    return Panel(title, Shape.NUMBER, View.PRODUCTS, only=only, wide=12, high=8)


CATALOGUE = Dashboard(
    "catalogue",
    "Catalogue",
    "What is in the catalogue: categories, brands, prices.",
    (
        _products("", "Products"),
        _products("is_active:true", "Active products"),
        _products("is_active:false", "Inactive products"),
        Panel(
            "Average price",
            Shape.NUMBER,
            View.PRODUCTS,
            (Number("avg", "price", "Price"),),
            only="is_active:true",
            wide=12,
            high=8,
        ),
        Panel(
            "Products by category",
            Shape.TABLE,
            View.PRODUCTS,
            splits=(Split("category_path", "Category", size=50),),
        ),
        Panel("Products by brand", Shape.PIE, View.PRODUCTS, splits=(Split("brand", "Brand"),)),
        Panel(
            "Products by price",
            Shape.BARS,
            View.PRODUCTS,
            splits=(Split("price", "Price", every=25.0), Split("currency", "Currency", size=5)),
        ),
        Panel(
            "Products by tenant",
            Shape.TABLE,
            View.PRODUCTS,
            splits=(Split("tenant", "Tenant", size=50), Split("status", "Status", size=3)),
        ),
    ),
)

EMBEDDING_HEALTH = Dashboard(
    "embedding-health",
    "Embedding health",
    "Whether products become searchable, and why some do not.",
    (
        _products("is_active:true AND status:completed", "Completed"),
        _products("is_active:true AND status:pending", "Owed"),
        _products("is_active:true AND status:failed", "Failed"),
        _products("is_active:true AND NOT _exists_:image_host", "Without a picture"),
        Panel(
            "Status by the day of the last change",
            Shape.BARS,
            View.PRODUCTS,
            splits=(Split("updated_at", "Day", every="d"), Split("status", "Status", size=3)),
            only=LAST_MONTH,
            wide=48,
        ),
        Panel(
            "Failures by reason",
            Shape.PIE,
            View.PRODUCTS,
            splits=(Split("failure_reason", "Reason", size=20),),
            only="status:failed",
        ),
        Panel(
            "Failures by host and reason",
            Shape.TABLE,
            View.PRODUCTS,
            splits=(Split("image_host", "Host", size=50), Split("failure_reason", "Reason")),
            only="status:failed",
        ),
        Panel(
            "What merchants are told",
            Shape.TABLE,
            View.PRODUCTS,
            splits=(Split("embedding_error", "Error", size=50),),
            only="status:failed",
            wide=48,
        ),
    ),
)

_MEDIAN = "percentiles"

SEARCH = Dashboard(
    "search",
    "Search",
    "What is searched for, how quickly it is answered, and what is not found.",
    (
        Panel("Searches", Shape.NUMBER, View.SEARCHES, wide=16, high=8),
        Panel(
            "Searches without results",
            Shape.NUMBER,
            View.SEARCHES,
            only="results:0",
            wide=16,
            high=8,
        ),
        Panel(
            "Average time",
            Shape.NUMBER,
            View.SEARCHES,
            (Number("avg", "ms", "ms"),),
            wide=16,
            high=8,
        ),
        Panel(
            "Searches over time",
            Shape.BARS,
            View.SEARCHES,
            splits=(Split("@timestamp", "Time", every="auto"), Split("kind", "Asked with")),
        ),
        Panel(
            "Time of searches: half, 95 and 99 of a hundred are quicker",
            Shape.LINES,
            View.SEARCHES,
            (Number(_MEDIAN, "ms", "ms"),),
            splits=(Split("@timestamp", "Time", every="auto"),),
        ),
        Panel(
            "Average time by step",
            Shape.LINES,
            View.SEARCHES,
            (
                Number("avg", "search_ms", "the index"),
                Number("avg", "embed_ms", "embed a picture"),
                Number("avg", "embed_words_ms", "embed words"),
                Number("avg", "decode_ms", "decode"),
                Number("avg", "picture_ms", "fetch"),
                Number("avg", "product_ms", "read the product"),
                Number("avg", "rank_ms", "rank"),
                Number("avg", "read_ms", "read the matches"),
            ),
            splits=(Split("@timestamp", "Time", every="auto"),),
            wide=48,
        ),
        Panel(
            "Words without results",
            Shape.TABLE,
            View.SEARCHES,
            splits=(Split("words", "Words", size=100),),
            only="results:0",
        ),
        Panel(
            "Most frequent words",
            Shape.TABLE,
            View.SEARCHES,
            (Number(), Number("avg", "results", "Results"), Number("avg", "best_score", "Best")),
            splits=(Split("words", "Words", size=100),),
        ),
        Panel(
            "Searches by tenant",
            Shape.TABLE,
            View.SEARCHES,
            (Number(), Number("avg", "ms", "ms")),
            splits=(Split("tenant", "Tenant", size=50),),
        ),
        Panel("Filters", Shape.PIE, View.SEARCHES, splits=(Split("filters", "Filter"),)),
    ),
)

DASHBOARDS = (CATALOGUE, EMBEDDING_HEALTH, SEARCH)
