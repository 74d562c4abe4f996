"""`lookalike reindex`: the catalogue gets another model while it goes on serving."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lookalike.bootstrap import make_remodel
from lookalike.commands.speaking import in_sentences, settings_of
from lookalike.errors import Misconfigured
from lookalike.index.editions import State
from lookalike.remodel.rehearsal import rehearse
from lookalike.remodel.remodel import Remodel
from lookalike.remodel.report import page

LOOK_EVERY_S = 2.0
_REPORT = "rehearsal.html"


@click.command()
@click.option("--model", help="The pack to change to: a name, or a folder.")
@click.option("--finish", is_flag=True, help="After the switch: let go of the old edition.")
@click.option("--back", is_flag=True, help="After the switch: the old edition serves again.")
@click.option("--abort", is_flag=True, help="Before the switch: let go of the new edition.")
@click.option(
    "--max-failed",
    type=click.FloatRange(0, 100),
    default=5.0,
    show_default=True,
    help="Percent of the products that may fail anew before the switch is refused.",
)
@in_sentences
def reindex(model: str | None, finish: bool, back: bool, abort: bool, max_failed: float) -> None:
    """Change the model of the whole catalogue, with no gap. Without options: how things stand."""
    if sum(map(bool, (model, finish, back, abort))) > 1:
        raise click.UsageError("Give one of --model, --finish, --back and --abort.")
    settings = settings_of()
    remodel = make_remodel(settings)
    if model:
        _change(remodel, model, max_failed / 100, settings.data_dir / _REPORT)
    elif finish or abort:
        _let_go(remodel, switched=finish)
    elif back:
        _go_back(remodel)
    click.echo(_standing(remodel.state))


def _change(remodel: Remodel, model: str, most_failed: float, report: Path) -> None:
    remodel.begin(model)
    remodel.retry()
    with _bar() as bar:
        _copy(remodel, bar)
        _await_vectors(remodel, bar)
        _copy(remodel, bar)
    failed = remodel.progress().newly_failed
    if failed > most_failed:
        raise Misconfigured(
            f"{failed:.1%} of the products failed with the new model and not with the old one, "
            f"more than the {most_failed:.1%} of --max-failed, so the old one goes on serving. "
            "Their embedding_error says why; mend it and run this again, or use --abort."
        )
    _rehearse(remodel, report)
    remodel.switch()


def _copy(remodel: Remodel, bar: Progress) -> None:
    task = bar.add_task("products", total=remodel.products())
    for looked in remodel.copy():
        bar.advance(task, looked)
    bar.update(task, completed=bar.tasks[task].total)


def _await_vectors(remodel: Remodel, bar: Progress) -> None:
    task = bar.add_task("vectors", total=None)
    while True:
        progress = remodel.progress()
        bar.update(task, total=progress.accepted, completed=progress.settled)
        if progress.settled == progress.accepted:
            return
        time.sleep(LOOK_EVERY_S)


def _rehearse(remodel: Remodel, report: Path) -> None:
    state = remodel.state
    assert state.other is not None
    found = rehearse(*remodel.opened(), remodel.tenants())
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(page(found, state.serving.pack, state.other.pack), encoding="utf-8")
    click.echo(
        f"Of the first ten answers to {found.asked} products, {found.overlap:.0%} stay; "
        f"the greatest changes are in {report}."
    )


def _let_go(remodel: Remodel, *, switched: bool) -> None:
    state = remodel.state
    if state.other and state.switched != switched:
        raise Misconfigured(
            "The new model does not serve yet: run `lookalike reindex --model` again, or --abort."
            if switched
            else "The new model serves already: use --back to undo that, then --abort."
        )
    remodel.drop_other()


def _go_back(remodel: Remodel) -> None:
    if not remodel.state.switched:
        raise Misconfigured("There was no switch that could be undone.")
    with _bar() as bar:
        _copy(remodel, bar)
    remodel.switch(back=True)


def _standing(state: State) -> str:
    serving = f"{state.serving.pack} serves (edition {state.serving.name})"
    if state.other is None:
        return f"{serving}."
    other = f"{state.other.pack} (edition {state.other.name})"
    if state.switched:
        return f"{serving}; {other} is kept up to date until --finish, or --back."
    return f"{serving}; {other} is being filled: run --model {state.other.pack}, or --abort."


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))
