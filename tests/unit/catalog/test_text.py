"""What is embedded, and what makes it owed again."""

from __future__ import annotations

from lookalike.catalog.product import Facts
from lookalike.catalog.text import enriched_text, image_digest, text_digest


def test_the_text_is_one_fact_a_line_in_the_order_of_the_contract() -> None:
    facts = Facts(
        name="Молоко",
        brand="Lactel",
        category_path="Молочні продукти > Молоко",
        country="Україна",
        description="2.5%",
        ingredients="молоко",
        price=10,
    )
    assert enriched_text(facts) == (
        "Молоко\nLactel\nМолочні продукти > Молоко\nУкраїна\n2.5%\nмолоко"
    )


def test_absent_facts_leave_no_line() -> None:
    assert enriched_text(Facts(name="Mug", description="Blue")) == "Mug\nBlue"


def test_a_digest_changes_with_its_source_and_with_the_model() -> None:
    mug, cup = Facts(name="Mug", image_url="http://a/1"), Facts(name="Cup", image_url="http://a/2")
    assert len({text_digest(mug, "m"), text_digest(cup, "m"), text_digest(mug, "n")}) == 3
    assert len({image_digest(mug, "m"), image_digest(cup, "m"), image_digest(mug, "n")}) == 3
    assert image_digest(Facts(name="Mug"), "m") is None
