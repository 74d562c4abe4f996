"""The sample catalogue: some 200 drawn products whose right answers are known, since their kind,
colour and pattern are."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from lookalike.demo.drawings import clothes, household
from lookalike.demo.drawings.canvas import SIZE, Canvas, Color, Paint, rgb
from lookalike.demo.rows import CatalogueRow

EDITION = 1
"""Raised when the drawings change, so that those of an earlier edition are drawn anew."""

COLORS = {
    "red": rgb("#c8303a"),
    "orange": rgb("#ec8a2c"),
    "yellow": rgb("#f2cb3d"),
    "green": rgb("#3f9a56"),
    "teal": rgb("#23898f"),
    "blue": rgb("#2f62c4"),
    "purple": rgb("#7a49ae"),
    "pink": rgb("#ee8fb4"),
    "brown": rgb("#8a5a38"),
    "black": rgb("#2b2c31"),
}
PATTERNS = ("plain", "plain", "striped", "plain", "dotted")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of product: how it is drawn, named, filed and priced."""

    name: str
    draw: Callable[[Canvas], None]
    category: str
    material: str
    price: float


KINDS = (
    Kind("t-shirt", clothes.t_shirt, "Clothing > Tops", "cotton", 19.9),
    Kind("hoodie", clothes.hoodie, "Clothing > Tops", "fleece", 49.9),
    Kind("dress", clothes.dress, "Clothing > Dresses", "linen", 79.0),
    Kind("trousers", clothes.trousers, "Clothing > Trousers", "cotton", 59.0),
    Kind("skirt", clothes.skirt, "Clothing > Skirts", "wool", 45.0),
    Kind("cap", clothes.cap, "Clothing > Hats", "canvas", 17.5),
    Kind("sneaker", clothes.sneaker, "Shoes > Sneakers", "canvas", 69.0),
    Kind("boot", clothes.boot, "Shoes > Boots", "leather", 129.0),
    Kind("pump", clothes.heel, "Shoes > Pumps", "leather", 99.0),
    Kind("handbag", clothes.handbag, "Bags > Handbags", "leather", 149.0),
    Kind("backpack", clothes.backpack, "Bags > Backpacks", "canvas", 64.0),
    Kind("mug", household.mug, "Home > Kitchen", "stoneware", 12.0),
    Kind("teapot", household.teapot, "Home > Kitchen", "stoneware", 34.0),
    Kind("bottle", household.bottle, "Home > Kitchen", "steel", 22.0),
    Kind("table lamp", household.table_lamp, "Home > Lamps", "linen", 54.0),
    Kind("floor lamp", household.floor_lamp, "Home > Lamps", "metal", 139.0),
    Kind("chair", household.chair, "Home > Furniture", "beech", 89.0),
    Kind("armchair", household.armchair, "Home > Furniture", "velvet", 399.0),
    Kind("wall clock", household.clock, "Home > Decoration", "beech", 39.0),
    Kind("umbrella", household.umbrella, "Accessories > Umbrellas", "nylon", 25.0),
    Kind("vase", household.vase, "Home > Decoration", "stoneware", 29.0),
)
BRANDS = ("Norden", "Vela", "Kastor", "Mira", "Otto & Finn")


def draw_sample(folder: Path) -> list[CatalogueRow]:
    """Draws what is not in the folder yet; one product and one query a kind and colour.

    The query shows the same product in another view: turned, mirrored, nearer or farther, in
    another light.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [
        (kind, color, PATTERNS[(at + number) % len(PATTERNS)])
        for at, kind in enumerate(KINDS)
        for number, color in enumerate(COLORS)
    ]
    with ThreadPoolExecutor() as pool:
        drawn = pool.map(lambda each: list(_rows(folder, *each)), wanted)
        return [row for rows in drawn for row in rows]


def _rows(folder: Path, kind: Kind, color: str, pattern: str) -> Iterator[CatalogueRow]:
    """The product's row, and the row of its other view."""
    chance = random.Random(f"{kind.name} {color}")
    name = f"{kind.name.replace(' ', '-')}-{color}"
    described = f"{pattern} {color}" if pattern != "plain" else color
    product = CatalogueRow(
        id=name,
        product_id=name,
        title=f"{described} {kind.material} {kind.name}".capitalize(),
        image=folder / f"{name}-{EDITION}.jpg",
        is_query=False,
        category=kind.category,
        brand=chance.choice(BRANDS),
        price=round(kind.price * chance.uniform(0.8, 1.3), 2),
        currency="USD",
        description=f"A {kind.name} made of {kind.material}, {described}.",
        color=color,
    )
    turned = replace(
        product, id=f"{name}-turned", image=folder / f"{name}-{EDITION}-turned.jpg", is_query=True
    )
    if not (product.image.exists() and turned.image.exists()):
        canvas = Canvas(Paint(COLORS[color], pattern))
        kind.draw(canvas)
        cutout = canvas.image
        _save(_front(cutout), product.image)
        _save(_turned(cutout, chance), turned.image)
    yield product
    yield turned


def _save(picture: Image.Image, file: Path) -> None:
    """Under its name only once it is whole."""
    unfinished = file.with_suffix(".part")
    picture.save(unfinished, "JPEG", quality=90)
    unfinished.rename(file)


def _front(cutout: Image.Image) -> Image.Image:
    return _on_ground(cutout, (255, 255, 255))


def _turned(cutout: Image.Image, chance: random.Random) -> Image.Image:
    if chance.random() < 0.5:
        cutout = cutout.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    cutout = cutout.rotate(chance.uniform(-14, 14), Image.Resampling.BICUBIC)
    edge = round(SIZE * chance.uniform(0.72, 0.95))
    smaller = cutout.resize((edge, edge), Image.Resampling.LANCZOS)
    moved = Image.new("RGBA", (SIZE, SIZE), (0, 0, 0, 0))
    room = SIZE - edge
    moved.paste(smaller, (chance.randint(0, room), chance.randint(0, room)))
    grey = chance.randint(205, 240)
    return _lit(_on_ground(moved, (grey, grey, grey - 6)), chance)


def _on_ground(cutout: Image.Image, ground: Color) -> Image.Image:
    """The cut-out on a plain ground, with a soft shadow under it."""
    sheet = Image.new("RGBA", cutout.size, (*ground, 255))
    shade = Image.new("RGBA", cutout.size, (0, 0, 0, 0))
    faint = cutout.getchannel("A").point(lambda alpha: alpha // 5)
    shade.paste((30, 34, 44, 255), (5, 9), faint)
    sheet.alpha_composite(shade.filter(ImageFilter.GaussianBlur(6)))
    sheet.alpha_composite(cutout)
    return sheet.convert("RGB")


def _lit(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Light from one side, and a little noise as of a camera."""
    noise = np.random.default_rng(chance.randrange(2**32))
    values = np.asarray(picture, dtype=np.float32)
    slope = np.linspace(chance.uniform(0.82, 1.0), chance.uniform(1.0, 1.12), SIZE)
    lit = values * slope[None, :, None] + noise.integers(-4, 5, (SIZE, SIZE, 1), dtype=np.int8)
    return Image.fromarray(lit.clip(0, 255).astype(np.uint8), "RGB")
