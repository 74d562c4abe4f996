"""A folder of pictures as a catalogue: from its manifest, or from the names of its files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from lookalike.demo.photos import read_photos
from lookalike.demo.rows import CatalogueRow
from lookalike.errors import Misconfigured


def picture(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), "red").save(file)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one picture, a secret one beside it."""
    picture(tmp_path / "secret.jpg")
    picture(tmp_path / "photos" / "images" / "1.jpg")
    return tmp_path / "photos"


def manifest(folder: Path, *lines: object) -> None:
    text = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    (folder / "products.jsonl").write_text(text, encoding="utf-8")


def line(**changes: object) -> dict[str, object]:
    return {"id": "1", "title": "Boots", "image": "images/1.jpg"} | changes


def test_a_manifest_names_products_and_queries(folder: Path) -> None:
    whole = line(
        product_id="shop-1",
        title="Чоботи\u2028шкіряні",
        category=["Shoes", "Boots"],
        brand="Daybird",
        price=110,
        currency="EUR",
        description="Warm.",
        split="catalog",
    )
    manifest(folder, whole, "", line(id="2", product_id="shop-1", split="query"))
    image = folder.resolve() / "images" / "1.jpg"
    assert read_photos(folder) == [
        CatalogueRow(
            id="1",
            product_id="shop-1",
            title="Чоботи\u2028шкіряні",
            image=image,
            is_query=False,
            category="Shoes > Boots",
            brand="Daybird",
            price=110,
            currency="EUR",
            description="Warm.",
        ),
        CatalogueRow(id="2", product_id="shop-1", title="Boots", image=image, is_query=True),
    ]


def test_a_line_without_product_id_is_a_product_of_its_own(folder: Path) -> None:
    manifest(folder, line())
    assert [row.product_id for row in read_photos(folder)] == ["1"]


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        (line(id=None), "`id` is missing"),
        (line(title=7), "`title` must be text"),
        (line(category="Boots"), "`category` must be a list"),
        (line(price="12"), "`price` must be a number"),
        (line(price=True), "`price` must be a number"),
        (line(image="images/2.jpg"), "there is no picture"),
        (line(image="products.jsonl"), "is no JPEG"),
        (line(image="../secret.jpg"), "outside the folder"),
        (line(image="images/../../secret.jpg"), "outside the folder"),
        (line(id="good"), "an earlier line has the id 'good'"),
    ],
)
def test_a_bad_line_is_refused_with_its_file_and_number(
    folder: Path, bad: object, complaint: str
) -> None:
    manifest(folder, line(id="good"), bad)
    with pytest.raises(Misconfigured, match=complaint) as refusal:
        read_photos(folder)
    assert f"{folder / 'products.jsonl'}, line 2" in refusal.value.detail


def test_a_manifest_that_is_not_utf_8_is_refused(folder: Path) -> None:
    (folder / "products.jsonl").write_bytes('{"id": "Schön"}'.encode("latin-1"))
    with pytest.raises(Misconfigured, match="line 1"):
        read_photos(folder)


def test_an_absolute_path_is_refused_even_if_a_picture_is_there(folder: Path) -> None:
    manifest(folder, line(image=str(folder.parent / "secret.jpg")))
    with pytest.raises(Misconfigured, match="outside the folder"):
        read_photos(folder)


def test_a_link_that_leaves_the_folder_is_refused(folder: Path) -> None:
    (folder / "link.jpg").symlink_to(folder.parent / "secret.jpg")
    with pytest.raises(Misconfigured, match=r"link\.jpg lies outside the folder"):
        read_photos(folder)
    manifest(folder, line(image="link.jpg"))
    with pytest.raises(Misconfigured, match=r"link\.jpg lies outside the folder"):
        read_photos(folder)


def test_without_a_manifest_every_picture_is_a_product_named_after_its_file(tmp_path: Path) -> None:
    for name in ("red_running-shoe 2.jpg", "B/mug.PNG", "B/чашка.webp", "a.gif"):
        picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    assert [(row.id, row.title, row.is_query) for row in read_photos(tmp_path)] == [
        ("B/mug.PNG", "Mug", False),
        ("B/чашка.webp", "Чашка", False),
        ("a.gif", "A", False),
        ("red_running-shoe 2.jpg", "Red running shoe 2", False),
    ]


def test_a_folder_that_is_missing_or_empty_is_explained(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="There are no products in"):
        read_photos(tmp_path)
    with pytest.raises(Misconfigured, match="There is no folder"):
        read_photos(tmp_path / "elsewhere")


def test_a_manifest_of_queries_alone_has_no_products(folder: Path) -> None:
    manifest(folder, line(split="query"))
    with pytest.raises(Misconfigured, match="There are no products in"):
        read_photos(folder)
