"""`lookalike top`: the whole at a glance, in a terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lookalike.commands.glance import Glance, Look, TenantSeen, embedded_a_second
from lookalike.commands.speaking import in_sentences, settings_of, with_running_valkey
from lookalike.errors import Misconfigured
from lookalike.index.protocol import Counts
from lookalike.jobs.protocol import Depth
from lookalike.jobs.rq_crew import Crew
from lookalike.telemetry.logs import configure_logs

MOST_TENANTS = 15
"""Lines of tenants, those with the most products; the others are counted in one line."""


@click.command()
@click.option("--once", is_flag=True, help="Print one look and end; needs no terminal.")
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(0.2, 3600),
    default=2.0,
    show_default=True,
    help="Seconds between two looks.",
)
@in_sentences
def top(once: bool, every_s: float) -> None:
    """Show the queue, the workers and how far the products are, again and again."""
    settings = with_running_valkey(settings_of())
    configure_logs("error")  # what is away is said in its place, and not across the picture
    console, glance = Console(), Glance(settings)
    if once:
        console.print(picture(glance.look(), None))
    elif not console.is_terminal:
        raise Misconfigured("This is no terminal: `lookalike top --once` prints one look.")
    else:
        _watch(console, glance, every_s)


def _watch(console: Console, glance: Glance, every_s: float) -> None:
    now = glance.look()
    with Live(picture(now, None), console=console, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(every_s)
            before, now = now, glance.look()
            live.update(picture(now, embedded_a_second(before, now)), refresh=True)


def picture(look: Look, rate: float | None) -> RenderableType:
    """One look as it is shown; `rate`: products embedded a second, where it is known."""
    head = Text.assemble(("Lookalike", "bold"), f"  {datetime.now().astimezone():%H:%M:%S}")
    return Group(
        head,
        _depth(look.depth),
        _crew(look.crew),
        _products(look.tenants, rate),
    )


def _away(about: str, why: str) -> Text:
    return Text.assemble((f"{about:<9}", "bold"), (why, "red"))


def _depth(depth: Depth | str) -> RenderableType:
    if isinstance(depth, str):
        return _away("queue", depth)
    return Text.assemble(
        ("queue    ", "bold"),
        f"{depth.due} due · {depth.leased} with workers · {depth.owed - depth.due} to be tried "
        f"later · the oldest is due for {depth.oldest_due_s:.1f} s",
    )


def _crew(crew: Crew | str) -> RenderableType:
    if isinstance(crew, str):
        return _away("workers", crew)
    failed = f"tasks failed in the last hour: {crew.failed}" if crew.failed else "no task failed"
    line = Text.assemble(
        ("workers  ", "bold"),
        f"{len(crew.workers)} · {crew.ticks} ticks wait · ",
        (failed, "yellow" if crew.failed else ""),
        " (`lookalike dashboard` says why)" if crew.failed else "",
    )
    if not crew.workers:
        return Group(line, Text("No worker runs: nothing is embedded.", "red"))
    rows = Table("host", "pid", "does", "heard of", "tasks", "failed", box=None, padding=(0, 2))
    for each in crew.workers:
        does = "embeds" if each.is_busy else "waits"
        heard = f"{each.heard_s:.0f} s ago"
        rows.add_row(each.host, str(each.pid), does, heard, str(each.done), str(each.failed))
    return Group(line, rows)


def _products(tenants: Sequence[TenantSeen] | str, rate: float | None) -> RenderableType:
    if isinstance(tenants, str):
        return _away("products", tenants)
    line = Text("products", "bold")
    if rate is not None:
        line = Text.assemble(("products ", "bold"), f"{rate:.1f} embedded a second")
    rows = Table(box=None, padding=(0, 2))
    rows.add_column("tenant")
    for name in ("all", "active", "completed", "owed", "failed"):
        rows.add_column(name, justify="right")
    _add(rows, "all tenants", [each.counts for each in tenants])
    largest = sorted(tenants, key=lambda each: -each.counts.stored)
    for each in largest[:MOST_TENANTS]:
        _add(rows, f"{each.name} ({each.id[:8]})", [each.counts])
    if rest := largest[MOST_TENANTS:]:
        _add(rows, f"{len(rest)} more", [each.counts for each in rest])
    return Group(line, rows)


def _add(rows: Table, name: str, counts: Sequence[Counts]) -> None:
    sums = [
        sum(numbers)
        for numbers in zip(
            *((c.stored, c.accepted, c.completed, c.owed, c.failed) for c in counts), strict=True
        )
    ]
    rows.add_row(Text(name), *(f"{number:,}" for number in sums or [0] * 5))
