"""The routes of `/api/v1/catalog`: each view parses, makes one call, and presents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from lookalike.accounts.model import Scope
from lookalike.catalog.product import product_id
from webapp import limits, once
from webapp.auth import caller
from webapp.body import read_object, require_json
from webapp.documenting import json_body
from webapp.feed import examples, parse, present
from webapp.feed.schemas import (
    Accepted,
    FeedChanges,
    FeedListAnswer,
    FeedListQuery,
    FeedProductAnswer,
    FeedProducts,
    Patched,
    Reindexing,
)
from webapp.jobs import JobAnswer, JobsAnswer, present_job
from webapp.lists import list_filters, listing
from webapp.search import view
from webapp.search.schemas import SearchAnswer
from webapp.spool import spooled
from webapp.state import services

blueprint = Blueprint(
    "feed",
    __name__,
    url_prefix="/api/v1/catalog",
    description="The feed API: push the whole catalogue, pay for what changed.",
)

_PATHS = (
    "The sku stands in the path as it is, slashes included (percent-encode what URLs reserve). "
    "Clients fold the segments `.` and `..` before they send: read such a sku with "
    "`GET /products?sku=`."
)


@blueprint.route("/products")
class ManyProducts(MethodView):
    """Uploading and listing."""

    @blueprint.doc(
        summary="Upload any number of products",
        parameters=[once.PARAMETER],
        requestBody={"required": True, **json_body(FeedProducts, upload=examples.UPLOAD)},
        responses={"202": json_body(Accepted, "Stored", upload=examples.ACCEPTED)},
    )
    @blueprint.response(202, Accepted)
    def put(self) -> Response:
        """Creates products, or replaces what this API knows of those whose sku is known.

        The products are stored when the answer comes; their vectors are made in the background.
        Send the whole catalogue as often as you like: what did not change costs nothing.
        """
        who = caller(Scope.CATALOG)
        require_json()
        with spooled(services().settings.max_upload_mb * 1024 * 1024) as body:
            feed = parse.Feed(body.file)

            def upload() -> tuple[dict[str, Any], int]:
                job = services().bulk.upload(who.tenant, feed.items(), who.tier.max_products)
                return present.accepted(job, feed.ignored), HTTPStatus.ACCEPTED

            return once.once(who.tenant, body.digest, upload)

    @blueprint.doc(summary="List products")
    @blueprint.arguments(FeedListQuery, location="query")
    @blueprint.response(200, FeedListAnswer)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """The newest products first, then by id; inactive ones too."""
        who = caller(Scope.CATALOG)
        asked = listing(query, list_filters(query, key=query.get("sku")))
        page = services().catalog.page(who.tenant, asked)
        statuses = services().catalog.statuses(who.tenant, page.products)
        return present.page(page, query, statuses)


@blueprint.route("/products/<key:sku>")
class OneProduct(MethodView):
    """One product, by its sku."""

    @blueprint.doc(summary="Get one product", description=_PATHS)
    @blueprint.response(200, FeedProductAnswer)
    def get(self, sku: str) -> dict[str, Any]:
        """The product, active or not, with its embedding status."""
        who = caller(Scope.CATALOG)
        product = services().catalog.get(who.tenant, product_id(who.tenant, sku))
        statuses = services().catalog.statuses(who.tenant, [product])
        return present.product(product, statuses[product.id])

    @blueprint.doc(
        summary="Change some fields of a product",
        description=f"FeedChanges what is named; null clears. {_PATHS}",
        requestBody={"required": True, **json_body(FeedChanges, change=examples.CHANGES)},
        responses={"200": json_body(Patched, "Changed", change=examples.PATCHED)},
    )
    @blueprint.response(200, Patched)
    def patch(self, sku: str) -> dict[str, Any]:
        """FeedChanges what is named; a change of what is embedded is embedded in the background."""
        who = caller(Scope.CATALOG)
        sent = read_object()
        patch, ignored = parse.changes(sent)
        applied = services().catalog.patch(who.tenant, product_id(who.tenant, sku), patch)
        return present.patched(applied, list(sent), ignored)

    @blueprint.doc(summary="Take a product out of every search", description=_PATHS)
    @blueprint.response(204)
    def delete(self, sku: str) -> None:
        """The product stays readable; a PATCH with `is_active: true` brings it back."""
        who = caller(Scope.CATALOG)
        services().catalog.deactivate(who.tenant, product_id(who.tenant, sku))


@blueprint.route("/reindex")
class Reindex(MethodView):
    """Embedding everything again."""

    @blueprint.doc(
        summary="Embed every active product again",
        responses={"202": json_body(Reindexing, "Started", reindex=examples.REINDEXING)},
    )
    @blueprint.response(202, Reindexing)
    def post(self) -> dict[str, Any]:
        """Fetches every picture again, too, so it notices a new one behind an old URL. While it
        runs, products are found with the vectors that they have."""
        who = caller(Scope.CATALOG)
        return present.reindexing(*services().reindex.start(who.tenant))


@blueprint.route("/search")
class Search(MethodView):
    """Searching."""

    @blueprint.doc(
        summary="Find products that look alike",
        requestBody=view.REQUEST,
        responses=limits.LIMITED,
    )
    @blueprint.response(200, SearchAnswer, examples=view.EXAMPLES, headers=limits.HEADERS)
    def post(self) -> Response:
        """The questions and answers of the visual API; `external_id` is the sku."""
        return view.search()


@blueprint.route("/jobs")
class Jobs(MethodView):
    """The jobs of uploads."""

    @blueprint.doc(summary="List the newest jobs")
    @blueprint.response(200, JobsAnswer)
    def get(self) -> dict[str, Any]:
        """The 50 newest, newest first. A job goes 24 hours after its last change."""
        who = caller(Scope.CATALOG)
        return {"jobs": [present_job(job) for job in services().catalog.newest_jobs(who.tenant)]}


@blueprint.route("/jobs/<string:id>")
class OneJob(MethodView):
    """One job."""

    @blueprint.doc(summary="Get one job")
    @blueprint.response(200, JobAnswer)
    def get(self, id: str) -> dict[str, Any]:
        """How far the products of an upload are."""
        who = caller(Scope.CATALOG)
        return present_job(services().catalog.job(who.tenant, id))
