"""Reindexing: every active product of a tenant is fetched and embedded again.

The request marks the first products as owed, and the sweeper the rest, page by page; how far it has
come stands on the job, so any process may end in the middle. A product stays searchable with its
old vectors until the new ones are there."""

from __future__ import annotations

from lookalike.catalog.change import Change, owe_again
from lookalike.catalog.product import Product
from lookalike.catalog.writer import Writer
from lookalike.errors import JobLost
from lookalike.index.protocol import ListFilters, Listing, ProductIndex
from lookalike.jobs.record import Job, JobKind, JobStore, Marking, Tally

PAGE = 500


class Reindex:
    """Marks products as owed, under a job of which a tenant has one at a time."""

    def __init__(self, *, index: ProductIndex, jobs: JobStore, writer: Writer) -> None:
        self._index = index
        self._jobs = jobs
        self._writer = writer

    def start(self, tenant: str) -> tuple[Job, bool]:
        """The tenant's reindexing job, and whether it is new; while one runs, it is that one.

        Raises `QueueAway` and `IndexAway`.
        """
        products = self._index.counts(tenant).accepted
        id, is_new = self._jobs.open_alone(tenant, JobKind.REINDEX, Tally(unchanged=products))
        if is_new:
            self.advance(Marking(id, tenant, None))
        if (job := self._jobs.get(tenant, id)) is None:
            raise JobLost()
        return job, is_new

    def resume(self) -> bool:
        """Marks the next page of every job that is not through; False where none is left so. For
        the sweeper."""
        through = [self.advance(marking) for marking in self._jobs.markings()]
        return not all(through)

    def advance(self, marking: Marking) -> bool:
        """Marks one page of products, the newest first, and tells whether it was the last. Done
        twice it only costs the work twice."""
        tenant, job = marking.tenant, marking.job
        filters = ListFilters(is_active=True)
        listing = Listing(limit=PAGE, after=marking.after, filters=filters)
        page = self._index.page(tenant, listing)
        ids = [each.id for each in page.products]
        self._writer.apply_under(job, tenant, dict.fromkeys(ids, _owe_again))
        if page.next is None:
            self._jobs.close(job, None)
        else:
            self._jobs.mark(job, page.next)
        return page.next is None


def _owe_again(product: Product | None) -> Change | None:
    """Deleted or deactivated meanwhile: nothing is owed."""
    return owe_again(product) if product and product.is_active else None
