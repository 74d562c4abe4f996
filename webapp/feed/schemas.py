"""What the feed API takes and gives, field by field: the source of its OpenAPI description."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields, validate

from lookalike.catalog.product import EmbeddingStatus
from webapp.fields import Amount, Flag, Key, Link, Metadata, Name, Text
from webapp.lists import PageAnswer, PageQuery

_SKU = "milk-001"


def _amount(description: str) -> Amount:
    return Amount(allow_none=True, metadata={"description": description})


class FeedProduct(Schema):
    """One product as it is uploaded. Absent and null clear a field or set its default."""

    class Meta:
        unknown = EXCLUDE

    sku = Key(
        required=True,
        metadata={
            "description": "Your own id of the product; uploading it again updates the product",
            "example": _SKU,
        },
    )
    name = Name(1000, required=True, metadata={"description": "Most telling for search"})
    category_path = Text(
        1024, allow_none=True, metadata={"description": "A path, such as Dairy > Milk > UHT Milk"}
    )
    brand = Text(256, allow_none=True)
    description = Text(65536, allow_none=True)
    ingredients = Text(65536, allow_none=True)
    country = Text(256, allow_none=True, metadata={"description": "Country of origin"})
    unit = Text(256, allow_none=True, metadata={"description": "Unit of measure", "default": "pcs"})
    quantity_step = _amount("Least change of a quantity")
    min_quantity = _amount("Least quantity of an order")
    weight = _amount("In grams")
    volume = _amount("In millilitres")
    image_url = Link(
        allow_none=True,
        metadata={"description": "Without it the product is found by words alone"},
    )
    attributes = Metadata(allow_none=True, metadata={"description": "Your own key-value data"})
    barcode = Text(256, allow_none=True, metadata={"description": "EAN or UPC"})
    is_active = Flag(
        allow_none=True,
        metadata={
            "description": "false takes it out of every search; absent keeps a known one's state",
            "default": True,
        },
    )


class FeedProducts(Schema):
    """Any number of products."""

    products = fields.List(fields.Nested(FeedProduct), required=True)


class FeedChanges(Schema):
    """What changes of a product: the fields that are named; null clears one."""

    class Meta:
        unknown = EXCLUDE

    name = Name(1000)
    category_path = Text(1024, allow_none=True)
    brand = Text(256, allow_none=True)
    description = Text(65536, allow_none=True)
    ingredients = Text(65536, allow_none=True)
    country = Text(256, allow_none=True)
    unit = Text(256, allow_none=True)
    quantity_step = _amount("Least change of a quantity")
    min_quantity = _amount("Least quantity of an order")
    weight = _amount("In grams")
    volume = _amount("In millilitres")
    image_url = Link(allow_none=True)
    attributes = Metadata(allow_none=True)
    barcode = Text(256, allow_none=True)
    is_active = Flag(metadata={"description": "true brings a deleted product back"})


def _ignored() -> fields.List[str]:
    return fields.List(
        fields.String(), metadata={"description": "Fields sent that this API does not know"}
    )


class Accepted(Schema):
    """What an upload did at once, and the job that embeds what it left owed."""

    job_id = fields.UUID()
    status = fields.String(validate=validate.Equal("accepted"))
    total = fields.Integer(metadata={"description": "created + updated + unchanged + failed"})
    to_embed = fields.Integer(metadata={"description": "FeedProducts that owe a vector"})
    created = fields.Integer()
    updated = fields.Integer(metadata={"description": "Known, and what is embedded changed"})
    unchanged = fields.Integer(metadata={"description": "The rest; plain fields are saved"})
    failed = fields.Integer(metadata={"description": "Refused; the job's errors say why"})
    ignored_fields = _ignored()


class Patched(Schema):
    """What a partial update changed."""

    sku = fields.String()
    updated_fields = fields.List(
        fields.String(), metadata={"description": "Whose stored value changed, in your order"}
    )
    re_embedded = fields.Boolean(metadata={"description": "Whether the text is embedded anew"})
    ignored_fields = _ignored()


class FeedProductAnswer(Schema):
    """A product as it is stored."""

    sku = fields.String()
    id = fields.UUID(metadata={"description": "The visual API's id of the product"})
    name = fields.String()
    category_path = fields.String(allow_none=True)
    brand = fields.String(allow_none=True)
    description = fields.String(allow_none=True)
    ingredients = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    quantity_step = Amount(allow_none=True)
    min_quantity = Amount(allow_none=True)
    weight = Amount(allow_none=True)
    volume = Amount(allow_none=True)
    image_url = fields.String(allow_none=True)
    attributes = Metadata()
    barcode = fields.String(allow_none=True)
    is_active = fields.Boolean(metadata={"description": "Inactive products are in no search"})
    embedding_status = fields.String(validate=validate.OneOf(list(EmbeddingStatus)))
    embedding_error = fields.String(
        allow_none=True, metadata={"description": "Why embedding failed, and what to do"}
    )
    created_at = fields.String(metadata={"format": "date-time"})
    updated_at = fields.String(metadata={"format": "date-time"})


class FeedListQuery(PageQuery):
    """Which page of which products."""

    sku = Key(metadata={"description": "Exactly; also for what no path can hold"})


class FeedListAnswer(PageAnswer):
    """A page of products, newest first."""

    products = fields.List(fields.Nested(FeedProductAnswer))


class Reindexing(Schema):
    """The job that embeds every active product again."""

    status = fields.String(
        validate=validate.OneOf(["started", "running"]),
        metadata={"description": "running: an earlier one is not through; this is its job"},
    )
    product_count = fields.Integer()
    job_id = fields.UUID()
