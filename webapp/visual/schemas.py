"""What the visual API takes and gives, field by field: the source of its OpenAPI description."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate, validates_schema

from lookalike.catalog.change import Verdict
from lookalike.catalog.product import EmbeddingStatus
from webapp.fields import Amount, Key, Link, Metadata, Name, Text
from webapp.lists import PageAnswer, PageQuery

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
    code = fields.String(metadata={"description": "Only where status is failed: the error's code"})
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


class ListQuery(PageQuery):
    """Which page of which products."""

    sku = Text(256, metadata={"description": "The plain field, exactly"})


class ListAnswer(PageAnswer):
    """A page of products, newest first."""

    products = fields.List(fields.Nested(ProductAnswer))


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
