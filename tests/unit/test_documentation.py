"""The documentation is held to the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

import webapp.app  # noqa: F401  (whatever can be answered is imported with it)
from lookalike.accounts.tiers import TIERS
from lookalike.cli import main
from lookalike.errors import LookalikeError
from lookalike.settings import Settings, variable
from webapp.problems import FRAMEWORK_CODES, STATUS

DOCS = Path(__file__).parents[2] / "docs"


def table(page: str) -> set[str]:
    """The names in the first column of a page's table."""
    return set(re.findall(r"^\| `(\w+)` \|", (DOCS / page).read_text(), re.MULTILINE))


def descendants(of: type[LookalikeError]) -> Iterator[type[LookalikeError]]:
    for each in of.__subclasses__():
        yield each
        yield from descendants(each)


def test_every_setting_is_documented_and_no_other() -> None:
    assert table("settings.md") == {variable(each.name) for each in fields(Settings)}


def test_every_error_code_that_can_be_answered_is_documented_and_no_other() -> None:
    answered = {
        each.code
        for each in descendants(LookalikeError)
        if any(ancestor in STATUS for ancestor in each.__mro__) and "code" in vars(each)
    }
    ours = (answered - {"unavailable"}) | {LookalikeError.code, "http_error"}
    assert table("errors.md") == ours | {code for code, _ in FRAMEWORK_CODES.values()}


def test_the_tiers_are_documented_as_they_are() -> None:
    def shown(number: int | None) -> str:
        return "no limit" if number is None else f"{number:,}"

    rows = {
        f"| `{tier.name}` | {shown(tier.max_products)} | {shown(tier.searches_a_month)} "
        f"| {tier.batch_size} |"
        for tier in TIERS.values()
    }
    page = (DOCS / "accounts.md").read_text()
    assert set(re.findall(r"^\| `\w+` \| .*$", page, re.MULTILINE)) == rows


def commands(group: click.Group, path: str) -> Iterator[str]:
    """Each command with its options, as the page of commands has them."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            options = [each.opts[0] for each in command.params if isinstance(each, click.Option)]
            yield " ".join([f"`{path} {name}`", *(f"`{option}`" for option in options)])


def test_every_command_is_documented_with_its_options_and_no_other() -> None:
    rows = re.findall(
        r"^\| (`lookalike .*?`) \| ", (DOCS / "commands.md").read_text(), re.MULTILINE
    )
    assert sorted(rows) == sorted(commands(main, "lookalike"))


def anchors(page: Path) -> set[str]:
    """What a link may name behind `#`, made of headings as GitHub does."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_the_pages_link_to_what_is_there() -> None:
    for page in (*DOCS.glob("*.md"), DOCS.parent / "README.md"):
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
            there = page.parent / target if target else page
            assert there.exists(), f"{page.name} links to {target}"
            assert not anchor or anchor in anchors(there), f"{page.name} links to {target}#{anchor}"
