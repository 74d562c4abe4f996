"""What an upload, and what a worker's result, makes of a product: pure functions from the product
as it is to the product as it shall be. What is owed is decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from lookalike.catalog.face import Face
from lookalike.catalog.product import Part, PartState, Product
from lookalike.catalog.text import image_digest, text_digest
from lookalike.index.protocol import Vector


class Verdict(StrEnum):
    """What an upload was, against the product before it."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded item, checked. `facts` holds what was given, by the names of `Facts`."""

    key: str
    facts: Mapping[str, Any]
    key_generated: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """The product as it shall be; `vectors` are those to be removed (None) or set."""

    product: Product
    vectors: Mapping[Part, Vector | None] = field(default_factory=dict)


def create(tenant: str, upload: Upload, face: Face, model: str, now: datetime) -> Change:
    """A product that did not exist: all that it has is owed."""
    facts = face.merge(None, upload.facts)
    picture = image_digest(facts, model)
    return Change(
        Product(
            tenant=tenant,
            key=upload.key,
            key_generated=upload.key_generated,
            facts=facts,
            is_active=True,
            image=_state(picture, None, PartState.ABSENT),
            text=PartState.OWED,
            image_digest=picture,
            text_digest=text_digest(facts, model),
            embedding_error=None,
            created_at=now,
            updated_at=now,
        )
    )


def update(product: Product, upload: Upload, face: Face, model: str, now: datetime) -> Change:
    """A known product: a part is owed when its source or the model changed, or when it failed."""
    facts = face.merge(product.facts, upload.facts)
    picture, text = image_digest(facts, model), text_digest(facts, model)
    changed = replace(
        product,
        facts=facts,
        image=_state(picture, product.image_digest, product.image),
        text=_state(text, product.text_digest, product.text),
        image_digest=picture,
        text_digest=text,
        embedding_error=None,
        updated_at=product.updated_at if facts == product.facts else now,
    )
    lost_picture = changed.image is PartState.ABSENT is not product.image
    return Change(changed, {Part.IMAGE: None} if lost_picture else {})


def verdict(before: Product | None, after: Product) -> Verdict:
    """What the merchant is told."""
    if before is None:
        return Verdict.CREATED
    return Verdict.UNCHANGED if before.facts == after.facts else Verdict.UPDATED


def wants_anew(before: Product, after: Product) -> bool:
    """Whether a vector is to be made from another text or picture than before."""
    return (before.image_digest, before.text_digest) != (after.image_digest, after.text_digest)


def _state(wanted: str | None, had: str | None, state: PartState) -> PartState:
    if wanted is None:
        return PartState.ABSENT
    kept = wanted == had and state in (PartState.OWED, PartState.DONE)
    return state if kept else PartState.OWED


@dataclass(slots=True)
class Outcome:
    """What a worker made of the parts that `of` owed: a vector each, or why there is none.

    A part that is in neither stays owed.
    """

    of: Product
    made: dict[Part, Vector] = field(default_factory=dict)
    failed: dict[Part, str] = field(default_factory=dict)


def settle(product: Product, outcome: Outcome) -> Change | None:
    """The product with what a worker made of it, as far as it still wants just that.

    `product` may have changed since the worker read it: a part whose digest is another by now is
    left as it is, owed. None: nothing of the outcome applies.
    """
    wanted = {
        part
        for part in product.owed
        if _digest(product, part) == _digest(outcome.of, part)
        and (part in outcome.made or part in outcome.failed)
    }
    if not wanted:
        return None
    states = {
        part.value: PartState.DONE if part in outcome.made else PartState.FAILED for part in wanted
    }
    errors = [outcome.failed[part] for part in Part if part in wanted & outcome.failed.keys()]
    error = " ".join([product.embedding_error or "", *errors]).strip() or None
    return Change(
        replace(product, embedding_error=error, **states),  # type: ignore[arg-type]
        {part: outcome.made[part] for part in wanted if part in outcome.made},
    )


def _digest(product: Product, part: Part) -> str | None:
    return product.image_digest if part is Part.IMAGE else product.text_digest
