"""The routes of `/v1/catalog`: each view parses, makes one call, and presents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from lookalike.accounts.callers import Caller
from lookalike.accounts.model import Scope
from lookalike.catalog.catalog import Uploaded
from lookalike.catalog.change import Verdict
from lookalike.catalog.face import VISUAL
from lookalike.errors import Invalid, NotFound
from webapp import limits, once
from webapp.auth import caller
from webapp.body import read_object
from webapp.documenting import json_body
from webapp.jobs import JobAnswer, JobsAnswer, present_job
from webapp.lists import list_filters, listing
from webapp.loading import refusal
from webapp.search import view
from webapp.search.schemas import SearchAnswer
from webapp.state import services
from webapp.visual import examples, parse, present
from webapp.visual.parse import Item
from webapp.visual.schemas import (
    BatchAnswer,
    Deletion,
    DeletionAnswer,
    ListAnswer,
    ListQuery,
    ProductAnswer,
    ProductUpload,
    ProductUploads,
    UploadAnswer,
)

blueprint = Blueprint(
    "visual",
    __name__,
    url_prefix="/v1/catalog",
    description="The visual API: upload products, find them by picture.",
)


@blueprint.route("/products")
class Products(MethodView):
    """Uploading and listing."""

    @blueprint.doc(
        summary="Upload one product, or a batch",
        parameters=[once.PARAMETER],
        requestBody={
            "required": True,
            **json_body(
                {"oneOf": [ProductUpload, ProductUploads]},
                single=examples.UPLOAD,
                batch=examples.BATCH,
            ),
        },
        responses={
            "200": json_body(
                {"oneOf": [UploadAnswer, BatchAnswer]},
                "Updated, unchanged, or a batch",
                batch=examples.BATCH_STORED,
            ),
            "201": json_body(UploadAnswer, "Created", single=examples.UPLOADED),
        },
    )
    def post(self) -> Response:
        """Creates products, or updates those whose `external_id` is known. Without one, each
        upload makes a new product.

        An update replaces every field of this API: what is absent or null is cleared, or set to its
        default, and `metadata` is replaced as a whole. The picture is fetched and embedded in the
        background; `embedding_status` tells when the product can be found, and as long as its
        title, texts and `image_url` stay the same, nothing is embedded again.

        A batch holds as many products as the tier allows and is answered with one result an item,
        in order. A bad item sinks no other, and of items with the same `external_id` the last one
        is stored.
        """
        who = caller(Scope.CATALOG)
        body = read_object()

        def upload() -> tuple[dict[str, Any], int]:
            if "products" in body:
                return _batch(who, parse.upload_batch(body["products"], who.tier))
            return _single(who, parse.upload_item(body))

        return once.once(who.tenant, body, upload)

    @blueprint.doc(summary="List products")
    @blueprint.arguments(ListQuery, location="query")
    @blueprint.response(200, ListAnswer)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """The newest products first, then by id; inactive ones too."""
        who = caller(Scope.CATALOG)
        asked = listing(query, list_filters(query, sku=query.get("sku")))
        page = services().catalog.page(who.tenant, asked)
        statuses = services().catalog.statuses(who.tenant, page.products)
        return present.page(page, query, statuses)

    @blueprint.doc(
        summary="Delete several products", requestBody={"required": True, **json_body(Deletion)}
    )
    @blueprint.response(200, DeletionAnswer)
    def delete(self) -> dict[str, Any]:
        """Removes the products and their vectors for good; one result an item, in order."""
        who = caller(Scope.CATALOG)
        named = parse.deletion(read_object(), who.tenant, who.tier)
        gone = services().catalog.delete(who.tenant, [id for id, _ in named])
        return present.deleted(named, gone)


@blueprint.route("/products/<string:id>")
class OneProduct(MethodView):
    """One product."""

    @blueprint.doc(summary="Get one product")
    @blueprint.response(200, ProductAnswer)
    def get(self, id: str) -> dict[str, Any]:
        """The product, with its embedding status."""
        who = caller(Scope.CATALOG)
        product = services().catalog.get(who.tenant, parse.product_id(id))
        statuses = services().catalog.statuses(who.tenant, [product])
        return present.product(product, statuses[product.id])

    @blueprint.doc(summary="Delete one product")
    @blueprint.response(204)
    def delete(self, id: str) -> None:
        """Removes the product and its vectors for good."""
        who = caller(Scope.CATALOG)
        if not services().catalog.delete(who.tenant, [parse.product_id(id)]):
            raise NotFound("There is no product with this id.")


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
        """The active products most similar to a picture, to another product, or to words."""
        return view.search()


@blueprint.route("/jobs")
class Jobs(MethodView):
    """The jobs of batches."""

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
        """How far the products of a batch are."""
        who = caller(Scope.CATALOG)
        return present_job(services().catalog.job(who.tenant, id))


def _single(who: Caller, item: Item) -> tuple[dict[str, Any], int]:
    if item.upload is None:
        raise item.error or Invalid("This is no product.")
    limit = who.tier.max_products
    stored = services().catalog.upload(who.tenant, VISUAL, item.upload, limit)
    statuses = services().catalog.statuses(who.tenant, [stored.product])
    created = stored.verdict is Verdict.CREATED
    answer = present.uploaded(item, stored, statuses[stored.product.id])
    return answer, HTTPStatus.CREATED if created else HTTPStatus.OK


def _batch(who: Caller, items: list[Item]) -> tuple[dict[str, Any], int]:
    """Stores what can be stored, and answers each item in its place."""
    good = [item.upload for item in items if item.upload]
    refused = [
        refusal(number, item.external_id, item.error)
        for number, item in enumerate(items)
        if item.error
    ]
    job, stored = services().catalog.upload_batch(
        who.tenant, VISUAL, good, refused, who.tier.max_products
    )
    products = [each.product for each in stored if isinstance(each, Uploaded)]
    statuses = services().catalog.statuses(who.tenant, products)
    results = iter(stored)

    def answer(item: Item) -> dict[str, Any]:
        if item.error:
            return present.refused(item, item.error)
        result = next(results)
        if not isinstance(result, Uploaded):
            return present.refused(item, result)
        return present.uploaded(item, result, statuses[result.product.id])

    return present.batch([answer(item) for item in items], job), HTTPStatus.OK
