"""What an upload, and what a worker's result, makes of a product: pure functions from the product
as it is to the product as it shall be. What is owed is decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from lookalike.catalog.face import FEED, Face
from lookalike.catalog.product import Facts, Failure, Part, PartState, PictureSeen, Product
from lookalike.catalog.text import EMBEDDED, image_digest, text_digest
from lookalike.index.protocol import Vector


class Verdict(StrEnum):
    """What an upload was, against the product before it."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded item, checked. `facts` holds what was given, by the names of `Facts`;
    `is_active` None keeps a known product's state."""

    key: str
    facts: Mapping[str, Any]
    key_generated: bool = False
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """What changes of a known product: the named `facts` (null clears), and `is_active`."""

    facts: Mapping[str, Any]
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The product as it shall be; `vectors` are those to be removed (None) or set."""

    product: Product
    vectors: Mapping[Part, Vector | None] = field(default_factory=dict)


def create(tenant: str, upload: Upload, face: Face, model: str, now: datetime) -> Change:
    """A product that did not exist: all that it has is owed."""
    product = Product(
        tenant=tenant,
        key=upload.key,
        key_generated=upload.key_generated,
        facts=face.merge(None, upload.facts),
        is_active=upload.is_active is not False,
        image=PartState.ABSENT,
        text=PartState.OWED,
        image_digest=None,
        text_digest="",
        failure=None,
        created_at=now,
        updated_at=now,
    )
    return Change(_owing_all(product, model))


def update(product: Product, upload: Upload, face: Face, model: str, now: datetime) -> Change:
    """A known product uploaded again: a part is owed when its source or the model changed, or when
    it failed."""
    facts = face.merge(product.facts, upload.facts)
    is_active = product.is_active if upload.is_active is None else upload.is_active
    return _changed(product, facts, is_active, model, now, retries=True)


def patch(product: Product, patch: Patch, model: str, now: datetime) -> Change:
    """A known product with what the patch names changed. What failed is tried again where the patch
    names what is embedded, even unchanged, or makes the product active: a price costs no try."""
    facts = FEED.patch(product.facts, patch.facts)
    is_active = product.is_active if patch.is_active is None else patch.is_active
    names_source = not EMBEDDED.isdisjoint(patch.facts)
    retries = names_source or (is_active and not product.is_active)
    return _changed(product, facts, is_active, model, now, retries=retries)


def owe_again(product: Product) -> Change:
    """A product whose vectors are all to be made anew, from its picture as it is now."""
    has_picture = product.image is not PartState.ABSENT
    return Change(
        replace(
            product,
            image=PartState.OWED if has_picture else PartState.ABSENT,
            text=PartState.OWED,
            failure=None,
            generation=product.generation + 1,
        )
    )


def try_again(product: Product) -> Product:
    """A product of which what failed is owed again."""
    again = {part.value: PartState.OWED for part in Part if _has_failed(product, part)}
    return replace(product, failure=None, **again)  # type: ignore[arg-type]


def followed(product: Product, copy: Product | None, model: str) -> Change:
    """A product as a copy of the catalogue with another model's vectors has it: all that merchants
    said of it is as here, and what its vectors owe is the copy's own. It owes anew what was
    reindexed or is tried again here."""
    if copy is None or copy.generation != product.generation:
        owing = _owing_all(product, model)
        had_picture = copy is not None and copy.image is not PartState.ABSENT
        lost_picture = had_picture and owing.image is PartState.ABSENT
        return Change(owing, {Part.IMAGE: None} if lost_picture else {})
    changed = _changed(
        copy, product.facts, product.is_active, model, product.updated_at, retries=False
    )
    again = {
        part.value: PartState.OWED for part in product.owed if _has_failed(changed.product, part)
    }
    after = replace(
        changed.product,
        created_at=product.created_at,
        updated_at=product.updated_at,
        key_generated=product.key_generated,
        **again,  # type: ignore[arg-type]
    )
    if PartState.FAILED not in (after.image, after.text):
        after = replace(after, failure=None)
    return Change(after, changed.vectors)


def _has_failed(product: Product, part: Part) -> bool:
    return getattr(product, part.value) is PartState.FAILED


def _owing_all(product: Product, model: str) -> Product:
    """The product with everything still to be embedded by this model."""
    picture = image_digest(product.facts, model)
    return replace(
        product,
        image=PartState.OWED if picture else PartState.ABSENT,
        text=PartState.OWED,
        image_digest=picture,
        text_digest=text_digest(product.facts, model),
        failure=None,
        picture=None,
    )


def verdict(before: Product | None, after: Product) -> Verdict:
    """What the visual API tells a merchant: updated where any field changed."""
    if before is None:
        return Verdict.CREATED
    return Verdict.UNCHANGED if before.facts == after.facts else Verdict.UPDATED


def content_verdict(before: Product | None, after: Product) -> Verdict:
    """What the feed API tells a merchant: updated where what is embedded changed."""
    if before is None:
        return Verdict.CREATED
    return Verdict.UPDATED if content_changed(before, after) else Verdict.UNCHANGED


def content_changed(before: Product, after: Product) -> bool:
    """Whether a vector is to be made from another text or picture than before."""
    return any(getattr(before.facts, name) != getattr(after.facts, name) for name in EMBEDDED)


def _changed(
    product: Product, facts: Facts, is_active: bool, model: str, now: datetime, *, retries: bool
) -> Change:
    picture, text = image_digest(facts, model), text_digest(facts, model)
    same = facts == product.facts and is_active == product.is_active
    changed = replace(
        product,
        facts=facts,
        is_active=is_active,
        image=_state(picture, product.image_digest, product.image, retries),
        text=_state(text, product.text_digest, product.text, retries),
        image_digest=picture,
        text_digest=text,
        updated_at=product.updated_at if same else now,
        picture=product.picture if picture == product.image_digest else None,
    )
    if PartState.FAILED not in (changed.image, changed.text):
        changed = replace(changed, failure=None)
    lost_picture = changed.image is PartState.ABSENT is not product.image
    return Change(changed, {Part.IMAGE: None} if lost_picture else {})


def _state(wanted: str | None, had: str | None, state: PartState, retries: bool) -> PartState:
    if wanted is None:
        return PartState.ABSENT
    if wanted != had or (state is PartState.FAILED and retries):
        return PartState.OWED
    return PartState.OWED if state is PartState.ABSENT else state


@dataclass(slots=True)
class Outcome:
    """What a worker made of the parts that `of` owed: a vector each, or why there is none.

    A part that is in neither stays owed. `picture`: the one that was seen, also where it was looked
    at only to see whether it is another one by now.
    """

    of: Product
    made: dict[Part, Vector] = field(default_factory=dict)
    failed: dict[Part, Failure] = field(default_factory=dict)
    picture: PictureSeen | None = None


def settle(product: Product, outcome: Outcome) -> Change | None:
    """The product with what a worker made of it, as far as it still wants just that.

    `product` may have changed since the worker read it: a part whose digest is another by now is
    left as it is, owed, and so are all after a reindex. None: nothing of the outcome applies.
    """
    if product.generation != outcome.of.generation:
        return None
    made = {part for part in outcome.made if _wants(product, outcome, part)}
    failed = {part for part in outcome.failed if _wants(product, outcome, part)}
    states = dict.fromkeys(map(str, made), PartState.DONE)
    states |= dict.fromkeys(map(str, failed), PartState.FAILED)
    failures = [outcome.failed[part] for part in Part if part in failed]
    failure = _both(product.failure, *failures)
    settled = replace(product, failure=failure, **states)  # type: ignore[arg-type]
    if settled.image is PartState.DONE and _is_from(product, outcome, Part.IMAGE):
        settled = replace(settled, picture=outcome.picture or product.picture)
    if settled == product:
        return None
    return Change(settled, {part: outcome.made[part] for part in made})


def _wants(product: Product, outcome: Outcome, part: Part) -> bool:
    """Whether this part is to be made from what the worker saw: owed, or looked at again."""
    again = part is Part.IMAGE and outcome.of.image is product.image is PartState.DONE
    return _is_from(product, outcome, part) and (part in product.owed or again)


def _is_from(product: Product, outcome: Outcome, part: Part) -> bool:
    return _digest(product, part) == _digest(outcome.of, part)


def _digest(product: Product, part: Part) -> str | None:
    return product.image_digest if part is Part.IMAGE else product.text_digest


def _both(*failures: Failure | None) -> Failure | None:
    """One failure that says all: each sentence, and the first reason."""
    there = [each for each in failures if each]
    if not there:
        return None
    return Failure(" ".join(each.detail for each in there), there[0].reason)
