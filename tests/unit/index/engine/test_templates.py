"""The files of `index_templates/`, and what is made of them."""

from __future__ import annotations

from dataclasses import fields

import pytest

from lookalike.catalog.product import Facts, PictureSeen
from lookalike.embedding.packs import builtin_pack_folder, load_pack
from lookalike.index.elasticsearch import ElasticsearchDialect
from lookalike.index.engine.fields import fields as document_of
from lookalike.index.engine.protocol import Dialect
from lookalike.index.engine.templates import component_templates, index_templates
from lookalike.index.opensearch import OpenSearchDialect
from tests.contract.harness import product

DIALECTS = [ElasticsearchDialect(), OpenSearchDialect()]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.name)
def test_names_and_widths_are_those_of_the_installation(dialect: Dialect) -> None:
    made = component_templates(dialect, "shop", 512, "bbq_hnsw")
    assert set(made) == {"shop-settings", "shop-products", "shop-vectors"}
    vectors = made["shop-vectors"]["template"]["mappings"]["properties"]
    assert {name: dialect.width_of(field) for name, field in vectors.items()} == {
        "image_vector": 512,
        "text_vector": 512,
    }
    products = index_templates(dialect, "shop")["shop-products"]
    assert products["index_patterns"] == ["shop-products-*"]
    assert products["composed_of"] == ["shop-settings", "shop-products", "shop-vectors"]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.name)
def test_the_files_are_fit_for_the_built_in_model_as_they_are(dialect: Dialect) -> None:
    width = load_pack(builtin_pack_folder()).dimensions
    as_they_are = component_templates(dialect, "lookalike", width, "")
    assert as_they_are == component_templates(dialect, "lookalike", width, "int8_hnsw")


def test_the_mapping_names_every_field_of_a_document_and_takes_no_other() -> None:
    made = component_templates(ElasticsearchDialect(), "lookalike", 2, "")
    mappings = made["lookalike-products"]["template"]["mappings"]
    assert mappings["dynamic"] == "strict"
    written = set(document_of(product("A"))) | {"image_model", "text_model"}
    assert set(mappings["properties"]) == written
    assert {each.name for each in fields(Facts)} <= written
    assert {f"picture_{each.name}" for each in fields(PictureSeen)} <= written


def test_the_refresh_is_written_out() -> None:
    made = component_templates(ElasticsearchDialect(), "lookalike", 2, "")
    settings = made["lookalike-settings"]["template"]["settings"]["index"]
    assert settings["refresh_interval"] == "1s"
