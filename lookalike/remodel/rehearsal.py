"""The rehearsal: the same questions put to both editions before one takes the other's place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from lookalike.catalog.product import Part, Product
from lookalike.index.protocol import Nearest, ProductIndex

SAMPLED = 200
"""Products that are asked for, over all tenants."""

FIRST = 10
"""Answers that are compared."""

WORST = 10
"""Questions that are shown."""

_LEAST_ID = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What was found by one product, before and after; `overlap` in [0, 1] is the share of the
    first ten that both have."""

    product: Product
    before: Sequence[Product]
    after: Sequence[Product]

    @property
    def overlap(self) -> float:
        """1.0 where both found the same, or both nothing."""
        one, other = {each.id for each in self.before}, {each.id for each in self.after}
        return len(one & other) / max(len(one), len(other)) if one or other else 1.0


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How much of what shoppers find stays. `worst` are the questions with the greatest changes."""

    asked: int
    overlap: float
    worst: Sequence[Question]


def rehearse(serving: ProductIndex, other: ProductIndex, tenants: Iterable[str]) -> Rehearsal:
    """Asks for what looks like each sampled product, or reads like it where it has no picture."""
    questions = list(_questions(serving, other, list(tenants)))
    if not questions:
        return Rehearsal(0, 1.0, [])
    worst = sorted(questions, key=lambda each: (each.overlap, each.product.id))[:WORST]
    return Rehearsal(len(questions), fmean(each.overlap for each in questions), worst)


def _questions(
    serving: ProductIndex, other: ProductIndex, tenants: Sequence[str]
) -> Iterator[Question]:
    for tenant in tenants:
        # Ids are hashes, so the first ones are a fair sample.
        share = max(1, SAMPLED // len(tenants))
        stamps = serving.stamps((tenant, _LEAST_ID), share)
        ids = [each.id for each in stamps if each.tenant == tenant]
        for id, stored in serving.get(tenant, ids).items():
            if stored.product.is_active:
                yield from _asked(serving, other, tenant, id, stored.product)


def _asked(
    serving: ProductIndex, other: ProductIndex, tenant: str, id: str, product: Product
) -> Iterator[Question]:
    """The question by the first part that both editions have a vector of, if there is one."""
    for part in Part:
        ours, theirs = serving.vector(tenant, id, part), other.vector(tenant, id, part)
        if ours is not None and theirs is not None:
            found = [
                [hit.product for hit in index.nearest(tenant, asked).hits]
                for index, asked in (
                    (serving, Nearest(part=part, vector=ours, limit=FIRST, without=id)),
                    (other, Nearest(part=part, vector=theirs, limit=FIRST, without=id)),
                )
            ]
            yield Question(product, *found)
            return
