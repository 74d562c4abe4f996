"""The sample catalogue: two hundred products, drawn by code, whose every answer is known."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from PIL import Image

from lookalike.demo.drawings.kinds import KINDS, Kind
from lookalike.demo.drawings.look import Look, Print
from lookalike.demo.drawings.palette import COLORS, Tones
from lookalike.demo.drawings.scene import at_home, draw, in_shop
from lookalike.demo.rows import CatalogueRow

BRANDS = ("Birch & Bell", "Fernhill", "Northlane", "Pebblework", "Tidewater")


@dataclass(frozen=True, slots=True)
class SampleProduct:
    """One product, e.g. `backpack-red`; no other has both its kind and its colour."""

    key: str
    title: str
    category: str
    brand: str
    price: float
    currency: str
    description: str
    color: str
    kind: str
    look: Look

    def front(self) -> Image.Image:
        """Its picture in the catalogue."""
        return draw(KINDS[self.kind], self.look, in_shop())

    def at_home(self) -> Image.Image:
        """The same product in a shopper's own photograph."""
        kind = KINDS[self.kind]
        return draw(kind, self.look, at_home(kind.stands, random.Random(f"{self.key} at home")))


def sample_catalogue() -> list[SampleProduct]:
    """Every kind in every colour, always the same."""
    return [_product(kind, color) for kind in KINDS.values() for color in COLORS]


def draw_sample(folder: Path) -> list[CatalogueRow]:
    """Each product of the sample, followed by a query that shows it at home.

    Draws the pictures that are not in the folder yet. New drawings go to a new folder in there, and
    so have new URLs, because a catalogue does not look again at a URL that it knows.
    """
    pictures = folder / _version()
    pictures.mkdir(parents=True, exist_ok=True)
    return [row for product in sample_catalogue() for row in _rows(product, pictures)]


def _product(kind: Kind, color: str) -> SampleProduct:
    key = f"{kind.name}-{color}".replace(" ", "-")
    dice = random.Random(key)
    look = _look(kind, color, dice)
    words = (color.capitalize(), look.print.value, kind.material, kind.name)
    title = " ".join(word for word in words if word)
    return SampleProduct(
        key=key,
        title=title,
        category=kind.category,
        brand=dice.choice(BRANDS),
        price=round(kind.price * dice.uniform(0.8, 1.25)) - 0.05,
        currency="USD",
        description=f"{title} with {look.detail}, {kind.purpose}.",
        color=color,
        kind=kind.name,
        look=look,
    )


def _look(kind: Kind, color: str, dice: random.Random) -> Look:
    """One of the kind's prints, or as often none."""
    plain = (Print.PLAIN,) * max(1, len(kind.prints))
    return Look(
        tones=Tones(COLORS[color]),
        print=dice.choice(plain + kind.prints),
        detail=dice.choice(kind.details),
        wide=dice.uniform(-1, 1),
        tall=dice.uniform(-1, 1),
    )


def _version() -> str:
    """A name that changes with the code that draws."""
    package = resources.files("lookalike.demo")
    drawings = sorted((package / "drawings").iterdir(), key=lambda source: source.name)
    sources = [package / "sample.py", *(each for each in drawings if each.name.endswith(".py"))]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]


def _rows(product: SampleProduct, pictures: Path) -> tuple[CatalogueRow, CatalogueRow]:
    row = CatalogueRow(
        id=product.key,
        product_id=product.key,
        title=product.title,
        image=_drawn(pictures / f"{product.key}.jpg", product.front),
        is_query=False,
        category=product.category,
        brand=product.brand,
        price=product.price,
        currency=product.currency,
        description=product.description,
        color=product.color,
    )
    name = f"{product.key}-at-home"
    image = _drawn(pictures / f"{name}.jpg", product.at_home)
    return row, replace(row, id=name, image=image, is_query=True)


def _drawn(file: Path, picture: Callable[[], Image.Image]) -> Path:
    """The file, drawn unless it is there; a run that is broken off leaves no half of one."""
    if not file.exists():
        unfinished = file.with_suffix(".unfinished")
        picture().save(unfinished, "JPEG", quality=90)
        unfinished.replace(file)
    return file
