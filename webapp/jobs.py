"""Jobs as both APIs show them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from lookalike.jobs.record import Job, JobKind, JobStatus
from webapp.moments import moment


class JobAnswer(Schema):
    """How far the products of one upload are.

    `total` = created + updated + unchanged + failed; at the end `to_embed` = embedded +
    embedding_failed + superseded.
    """

    job_id = fields.UUID()
    tenant_id = fields.UUID()
    kind = fields.String(validate=validate.OneOf(list(JobKind)))
    status = fields.String(validate=validate.OneOf(list(JobStatus)))
    total = fields.Integer()
    created = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    failed = fields.Integer(metadata={"description": "Items that were refused"})
    to_embed = fields.Integer(metadata={"description": "Products that owed something"})
    embedded = fields.Integer(metadata={"description": "Of them, embedded so far"})
    embedding_failed = fields.Integer(metadata={"description": "Of them, failed for good"})
    superseded = fields.Integer(
        metadata={"description": "Of them, changed, deleted or deactivated before"}
    )
    errors = fields.List(fields.String(), metadata={"description": "At most 1,000 lines"})
    started_at = fields.String(metadata={"format": "date-time"})
    completed_at = fields.String(allow_none=True, metadata={"format": "date-time"})


class JobsAnswer(Schema):
    """The newest jobs, newest first."""

    jobs = fields.List(fields.Nested(JobAnswer))


def present_job(job: Job) -> dict[str, Any]:
    """A job as it stands."""
    more = [f"… and {job.more_errors:,} more"] if job.more_errors else []
    return {
        "job_id": job.id,
        "tenant_id": job.tenant,
        "kind": job.kind,
        "status": job.status,
        "total": job.tally.total,
        "created": job.tally.created,
        "updated": job.tally.updated,
        "unchanged": job.tally.unchanged,
        "failed": job.tally.failed,
        "to_embed": job.to_embed,
        "embedded": job.embedded,
        "embedding_failed": job.embedding_failed,
        "superseded": job.superseded,
        "errors": [*job.errors, *more],
        "started_at": moment(job.started_at),
        "completed_at": moment(job.completed_at) if job.completed_at else None,
    }
