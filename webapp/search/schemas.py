"""What a search takes and gives, field by field: the source of its OpenAPI description."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from lookalike.index.protocol import Component
from lookalike.search.query import DEFAULT_RESULTS, DEFAULT_THRESHOLD, MOST_RESULTS, QueryKind
from webapp.fields import Amount, Link, Metadata, MetadataFilter, Name, Text

SUBJECTS = ("image_url", "image_base64", "product_id")
_EXAMPLE_ID = "550e8400-e29b-41d4-a716-446655440000"


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

    class Meta(SearchRequest.Meta):
        exclude = SUBJECTS

    image = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


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
