"""Products on their way through the pipeline, and what becomes of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import structlog

from lookalike.catalog.change import Outcome
from lookalike.catalog.product import Failure, Part, PictureSeen, Product
from lookalike.errors import PictureError, PictureUnreachable
from lookalike.jobs.protocol import Claimed

log = structlog.get_logger(__name__)

TRIES = 3
RETRY_AFTER_S = (5.0, 30.0)
"""How long a picture that could not be reached rests before its second and its third try."""

_NEVER_SEEN = PictureSeen(
    digest="", etag=None, last_modified=None, checked_at=datetime.min.replace(tzinfo=UTC)
)


@dataclass(slots=True)
class Work:
    """One claimed product on its way through the pipeline. `is_looked_at`: its picture is owed, or
    to be checked. `rest_s`: try again after so long."""

    claimed: Claimed
    outcome: Outcome
    is_looked_at: bool
    rest_s: float | None = None
    our_fault: bool = False

    @property
    def product(self) -> Product:
        """The product as it was claimed."""
        return self.outcome.of

    @property
    def tenant(self) -> str:
        """Whose it is."""
        return self.claimed.tenant

    @property
    def fate(self) -> str:
        """What became of it, for those who count."""
        if self.our_fault:
            return "released"
        if self.rest_s is not None:
            return "retry"
        return "failed" if self.outcome.failed else "embedded"

    def without_picture(self, error: PictureError, now: datetime) -> None:
        """Decides between another try and failure. A check alone harms nothing: the product keeps
        the vector that it has, and is looked at again when its time comes."""
        if Part.IMAGE not in self.product.owed:
            self.outcome.picture = (self.product.picture or _NEVER_SEEN).at(now)
            known = {"tenant": self.tenant, "product": self.product.id}
            log.info("picture_not_checked", reason=error.reason, **known)
            return
        detail = error.detail
        if isinstance(error, PictureUnreachable):
            tries = self.claimed.tries + 1
            if tries < TRIES:
                self.rest_s = max(RETRY_AFTER_S[tries - 1], error.retry_after or 0.0)
                return
            detail = f"{detail} Tried {TRIES} times."
        self.outcome.failed[Part.IMAGE] = Failure(detail, error.reason)


class _OfTenant(Protocol):
    @property
    def tenant(self) -> str: ...


_T = TypeVar("_T", bound=_OfTenant)


def by_tenant(items: Sequence[_T]) -> dict[str, list[_T]]:
    """The items in groups, one a tenant, as the index takes them."""
    groups: dict[str, list[_T]] = defaultdict(list)
    for item in items:
        groups[item.tenant].append(item)
    return groups
