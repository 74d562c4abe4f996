"""The rehearsal as a page: the worst changes with their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from lookalike.catalog.product import Product
from lookalike.remodel.rehearsal import Question, Rehearsal

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<title>Rehearsal</title>
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color: #1d2430 }}
section {{ border-top: 1px solid #dfe3e9; padding: 1rem 0 }}
.row {{ display: flex; gap: .5rem; align-items: flex-start; flex-wrap: wrap; margin: .5rem 0 }}
figure {{ margin: 0; width: 110px; font-size: 12px }}
img {{ width: 110px; height: 110px; object-fit: contain; background: #f3f5f8 }}
b {{ width: 4rem; flex: none }}
</style>
<h1>From {before} to {after}</h1>
<p>Of the first ten answers to {asked} products, {overlap:.0%} stay. The greatest changes:</p>
{questions}
</html>
"""


def page(rehearsal: Rehearsal, before: str, after: str) -> str:
    """A page of HTML that stands alone; pictures are shown from where merchants keep them."""
    return _PAGE.format(
        before=escape(before),
        after=escape(after),
        asked=rehearsal.asked,
        overlap=rehearsal.overlap,
        questions="\n".join(_question(each) for each in rehearsal.worst),
    )


def _question(question: Question) -> str:
    return (
        f"<section><div class=row>{_figure(question.product)}"
        f"<p>{question.overlap:.0%} of the answers stay.</p></div>"
        f"{_row('before', question.before)}{_row('after', question.after)}</section>"
    )


def _row(name: str, products: Sequence[Product]) -> str:
    figures = "".join(_figure(each) for each in products) or "nothing"
    return f"<div class=row><b>{name}</b>{figures}</div>"


def _figure(product: Product) -> str:
    name, url = escape(product.facts.name), product.facts.image_url
    picture = f'<img src="{escape(url)}" alt="" loading="lazy">' if url else ""
    return f"<figure>{picture}<figcaption>{name}</figcaption></figure>"
