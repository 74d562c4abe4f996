"""Bulk uploads: any number of products under one job, written in chunks.

Most of a nightly push is as it was: such products are told by their fingerprints, thousands in one
call, and are neither read nor written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any

from structlog.contextvars import bind_contextvars

from lookalike.catalog import fingerprint
from lookalike.catalog.catalog import Catalog
from lookalike.catalog.change import Upload, Verdict, content_verdict
from lookalike.catalog.face import FEED
from lookalike.catalog.product import EmbeddingStatus, product_id
from lookalike.catalog.writer import Writer
from lookalike.errors import Away, JobLost, ProductLimit
from lookalike.index.protocol import Fingerprint, ProductIndex
from lookalike.jobs.record import MOST_ERRORS, Job, JobKind, JobStore, Tally

CHUNK = 1000
"""Products a transaction of the index and a step of the job."""

_OWED = frozenset({EmbeddingStatus.PENDING, EmbeddingStatus.PROCESSING})


class Interrupted(Away):
    """A server behind went away in the middle of an upload; the job and the tally tell what is
    saved by now."""

    code = "upload_interrupted"

    def __init__(self, job: str, tally: Tally, cause: Away) -> None:
        saved = tally.total - tally.failed
        super().__init__(
            f"{cause.detail} The first {saved:,} products of this request are saved; send it again "
            "when the service is back: what is saved will count as unchanged."
        )
        self._job = job
        self._tally = tally

    @property
    def members(self) -> dict[str, Any]:
        """The job, and what of the request is saved."""
        return {"job_id": self._job, "saved": asdict(self._tally)}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item that was no product, as a line for people: 'sku: reason'."""

    line: str


@dataclass(slots=True)
class _Progress:
    """How far a bulk upload is. At most `MOST_ERRORS` lines are kept, so that memory is bounded."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    refused: int = 0
    lines: list[str] = field(default_factory=list)

    def refuse(self, refusal: Refusal) -> None:
        self.refused += 1
        if len(self.lines) < MOST_ERRORS:
            self.lines.append(refusal.line)

    @property
    def tally(self) -> Tally:
        counts = {verdict.value: self.verdicts[verdict] for verdict in Verdict}
        return replace(Tally(**counts), failed=self.refused)


class Bulk:
    """Uploads of the feed API."""

    def __init__(
        self, *, index: ProductIndex, jobs: JobStore, catalog: Catalog, writer: Writer, model: str
    ) -> None:
        self._index = index
        self._jobs = jobs
        self._catalog = catalog
        self._writer = writer
        self._model = model

    def upload(self, tenant: str, items: Iterable[Upload | Refusal], limit: int | None) -> Job:
        """Stores each product, and gives the job under which they are embedded. Keys are distinct;
        the tenant may have `limit` products (None: any number).

        Raises `QueueAway` where no job can be opened, and `Interrupted` where the index or Redis
        goes away in the middle; repeating is safe.
        """
        job = self._jobs.open(tenant, JobKind.UPLOAD)
        bind_contextvars(job=job)
        progress = _Progress()
        remaining = iter(items)
        try:
            while chunk := list(islice(remaining, CHUNK)):
                self._store(job, tenant, chunk, progress, limit)
            self._close(job, progress)
            if (closed := self._jobs.get(tenant, job)) is None:
                raise JobLost()
            return closed
        except Away as error:
            self._give_up(job, progress, error)
            raise Interrupted(job, progress.tally, error) from error

    def _close(self, job: str, progress: _Progress) -> None:
        more = progress.refused - len(progress.lines)
        self._jobs.close(job, progress.tally, progress.lines, more)

    def _give_up(self, job: str, progress: _Progress, error: Away) -> None:
        try:
            self._jobs.fail(job, progress.tally, error.detail)
        except Away:
            return  # the job is as far away as the rest; the answer says what is saved

    def _store(
        self,
        job: str,
        tenant: str,
        chunk: Sequence[Upload | Refusal],
        progress: _Progress,
        limit: int | None,
    ) -> None:
        uploads = {}
        for item in chunk:
            if isinstance(item, Refusal):
                progress.refuse(item)
            else:
                uploads[product_id(tenant, item.key)] = item
        known = self._index.fingerprints(tenant, list(uploads))
        same = {id for id, each in uploads.items() if self._is_same(each, known.get(id))}
        decisions = {
            id: self._catalog.deciding(tenant, FEED, each)
            for id, each in uploads.items()
            if id not in same
        }
        applied = self._writer.apply_under(job, tenant, decisions, limit)
        for id in decisions.keys() - applied.keys():
            progress.refuse(Refusal(f"{uploads[id].key}: {ProductLimit(limit or 0).detail}"))
        self._await_owed(job, tenant, [id for id in same if _is_owed(known[id])])
        progress.verdicts[Verdict.UNCHANGED] += len(same)
        progress.verdicts.update(
            content_verdict(each.before, each.after) for each in applied.values()
        )

    def _is_same(self, upload: Upload, known: Fingerprint | None) -> bool:
        """Whether nothing is to be written. What failed is tried again, so it is not the same."""
        if known is None or known.status is EmbeddingStatus.FAILED:
            return False
        if upload.is_active is not None and upload.is_active != known.is_active:
            return False
        return known.digest == fingerprint.of_upload(upload.facts, self._model)

    def _await_owed(self, job: str, tenant: str, ids: list[str]) -> None:
        """The job waits for what an earlier upload left owed, too. A worker may settle one before
        the job waits for it, so they are looked at once more."""
        if ids:
            self._writer.await_owed(job, tenant, ids)
            now = self._index.fingerprints(tenant, ids)
            done = [id for id in ids if id not in now or not _is_owed(now[id])]
            self._jobs.drop(job, tenant, done)


def _is_owed(known: Fingerprint) -> bool:
    return known.is_active and known.status in _OWED
