"""What the visual API takes and gives, field by field: the source of its OpenAPI description."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate, validates_schema

from lookalike.catalog.change import Verdict
from lookalike.catalog.product import EmbeddingStatus
from lookalike.index.protocol import Component
from lookalike.search.query import DEFAULT_RESULTS, DEFAULT_THRESHOLD, MOST_RESULTS, QueryKind
from webapp.fields import Amount, Key, Link, Metadata, MetadataFilter, Name, Text

SUBJECTS = ("image_url", "image_base64", "product_id")
_EXAMPLE_ID = "550e8400-e29b-41d4-a716-446655440000"


class ProductUpload(Schema):
    """One product as it is uploaded. Absent and null clear a field or set its default."""

    class Meta:
        unknown = EXCLUDE

    title = Name(1000, required=True, metadata={"description": "Product title"})
    image_url = Link(required=True, metadata={"description": "URL of the product's picture"})
    external_id = Key(
        allow_none=True,
        metadata={"description": "Your own product id; uploading it again updates the product"},
    )
    sku = Text(256, allow_none=True, metadata={"description": "Product SKU, a plain field"})
    description = Text(65536, allow_none=True)
    brand = Text(256, allow_none=True)
    category = Text(
        1024, allow_none=True, metadata={"description": "A path, such as Outerwear > Jackets"}
    )
    price = Amount(allow_none=True)
    currency = Text(3, allow_none=True, metadata={"description": "Currency code", "default": "USD"})
    product_url = Link(allow_none=True, metadata={"description": "Link to the product page"})
    metadata = Metadata(allow_none=True, metadata={"description": "Your own key-value data"})


class ProductUploads(Schema):
    """A batch of products."""

    products = fields.List(fields.Nested(ProductUpload), required=True)


class UploadAnswer(Schema):
    """What became of one uploaded product."""

    id = fields.UUID(metadata={"example": _EXAMPLE_ID})
    external_id = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf(list(Verdict)))
    embedding_status = fields.String(validate=validate.OneOf(list(EmbeddingStatus)))
    ignored_fields = fields.List(
        fields.String(), metadata={"description": "Fields sent that this API does not know"}
    )
    warnings = fields.List(fields.String())


class BatchItem(UploadAnswer):
    """What became of one item of a batch, in the order of the request."""

    id = fields.UUID(allow_none=True, metadata={"example": _EXAMPLE_ID})
    status = fields.String(validate=validate.OneOf([*Verdict, "failed"]))
    embedding_status = fields.String(
        allow_none=True, validate=validate.OneOf(list(EmbeddingStatus))
    )
    error = fields.String(metadata={"description": "Only where status is failed: why"})
    errors = fields.Dict(metadata={"description": "Only where status is failed: why, by field"})


class BatchAnswer(Schema):
    """What became of a batch. One bad item never sinks the others."""

    results = fields.List(fields.Nested(BatchItem))
    created = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    failed = fields.Integer()
    job_id = fields.UUID(metadata={"description": "The job that embeds what the batch owes"})


class ProductAnswer(Schema):
    """A product as it is stored."""

    id = fields.UUID(metadata={"example": _EXAMPLE_ID})
    external_id = fields.String(allow_none=True)
    title = fields.String()
    image_url = fields.String(allow_none=True)
    sku = fields.String(allow_none=True)
    description = fields.String(allow_none=True)
    brand = fields.String(allow_none=True)
    category = fields.String(allow_none=True)
    price = Amount(allow_none=True)
    currency = fields.String(allow_none=True)
    product_url = fields.String(allow_none=True)
    metadata = Metadata()
    is_active = fields.Boolean(metadata={"description": "Inactive products are in no search"})
    embedding_status = fields.String(validate=validate.OneOf(list(EmbeddingStatus)))
    embedding_error = fields.String(
        allow_none=True, metadata={"description": "Why embedding failed, and what to do"}
    )
    created_at = fields.String(metadata={"format": "date-time"})
    updated_at = fields.String(metadata={"format": "date-time"})


class ListQuery(Schema):
    """Which page of the products."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=10**9))
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))
    cursor = fields.String(
        metadata={"description": "`next_cursor` of the page before; goes on without limit"}
    )
    external_id = Key()
    embedding_status = fields.Enum(
        EmbeddingStatus,
        by_value=True,
        metadata={"description": "`pending` and `processing` both mean owed"},
    )
    sku = Text(256)
    brand = Text(256, metadata={"description": "Part of the brand"})
    category = Text(1024, metadata={"description": "Part of the category path"})
    search = Text(1000, metadata={"description": "Words in title or brand, the last a prefix"})
    is_active = fields.Boolean()


class ListAnswer(Schema):
    """A page of products, newest first."""

    products = fields.List(fields.Nested(ProductAnswer))
    total = fields.Integer(metadata={"description": "Exact number over all pages"})
    page = fields.Integer()
    limit = fields.Integer()
    next_cursor = fields.String(allow_none=True)


class SearchRequest(Schema):
    """A search: at most one of `image_url`, `image_base64`, `product_id` and a multipart file
    `image`; words in `query`, alone or beside it; and options."""

    class Meta:
        unknown = RAISE

    image_url = Link(metadata={"description": "URL of a picture to search with"})
    image_base64 = fields.String(
        metadata={"description": "The picture in base64; a data: URL is understood too"}
    )
    product_id = fields.UUID(metadata={"description": "Search for what looks like this product"})
    query = Name(
        1000, metadata={"description": "Words; beside a picture both are searched together"}
    )
    max_results = fields.Integer(
        strict=True,
        load_default=DEFAULT_RESULTS,
        validate=validate.Range(min=1, max=MOST_RESULTS),
    )
    similarity_threshold = Amount(
        validate=validate.Range(min=0, max=1),
        metadata={
            "maximum": 1,
            "description": (
                f"Least similarity_score of a match; {DEFAULT_THRESHOLD:.2f} for a picture or a "
                "product alone, none where words are searched"
            ),
        },
    )
    category = Text(1024, metadata={"description": "A whole path, or its leading segments"})
    min_price = Amount()
    max_price = Amount()
    metadata = MetadataFilter(
        metadata={"description": "For each key a value, or a list of which one must be there"}
    )

    @validates_schema(skip_on_field_errors=False)
    def _one_subject(self, data: dict[str, Any], **_: Any) -> None:
        named = [name for name in SUBJECTS if name in data]
        if len(named) > 1:
            raise ValidationError("Send only one of them.", " and ".join(named))

    @validates_schema
    def _price_range(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("min_price", 0) > data.get("max_price", float("inf")):
            raise ValidationError("Must not be over max_price.", "min_price")


class PictureSearch(SearchRequest):
    """A search by a picture's file: multipart/form-data, the options as text."""

    image = fields.Raw(metadata={"type": "string", "format": "binary"})


class Deletion(Schema):
    """Which products to remove for good: by `ids` or by `external_ids`."""

    class Meta:
        unknown = RAISE

    ids = fields.List(fields.UUID(), validate=validate.Length(min=1))
    external_ids = fields.List(Key(), validate=validate.Length(min=1))

    @validates_schema(skip_on_field_errors=False)
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) > 1:
            raise ValidationError("Send only one of them.", "ids and external_ids")


class DeletionItem(Schema):
    """What became of one product that was to be deleted."""

    id = fields.UUID(metadata={"example": _EXAMPLE_ID})
    external_id = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf(["deleted", "not_found"]))


class DeletionAnswer(Schema):
    """One result an item, in the order of the request."""

    results = fields.List(fields.Nested(DeletionItem))
    deleted = fields.Integer()
    not_found = fields.Integer()


class Result(Schema):
    """One product found."""

    id = fields.UUID(metadata={"example": _EXAMPLE_ID})
    external_id = fields.String(allow_none=True)
    title = fields.String()
    image_url = fields.String(allow_none=True)
    price = Amount(allow_none=True)
    currency = fields.String(allow_none=True)
    brand = fields.String(allow_none=True)
    category = fields.String(allow_none=True)
    sku = fields.String(allow_none=True)
    product_url = fields.String(allow_none=True)
    metadata = Metadata()
    similarity_score = fields.Float(
        metadata={"minimum": 0, "maximum": 1, "description": "Means the same for every model"}
    )
    matched_by = fields.String(
        validate=validate.OneOf(list(Component)),
        metadata={"description": "Only in searches by words: what gave the score"},
    )


class QueryAnswer(Schema):
    """What was searched with."""

    type = fields.String(validate=validate.OneOf(list(QueryKind)))


class SearchAnswer(Schema):
    """The products found, most similar first."""

    results = fields.List(fields.Nested(Result))
    query = fields.Nested(QueryAnswer)
    total_found = fields.Integer(metadata={"description": "Matches at or over the threshold"})
    total_found_relation = fields.String(validate=validate.OneOf(["eq", "gte"]))
    processing_time_ms = fields.Integer()
    steps_ms = fields.Dict(
        keys=fields.String(),
        values=fields.Float(),
        metadata={"description": "The time that each step took"},
    )


class Problem(Schema):
    """An error, by RFC 9457. `code` is stable; `errors` names fields where values are wrong."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    code = fields.String()
    detail = fields.String()
    errors = fields.Dict()
