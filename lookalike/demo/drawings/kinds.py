"""The kinds of things that the sample catalogue sells: a drawing, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lookalike.demo.drawings import bags, clothing, home, kitchen, play, shoes
from lookalike.demo.drawings.look import Look, Print
from lookalike.demo.drawings.pen import Pen

STRIPED, DOTTED, CHECKED = Print.STRIPED, Print.DOTTED, Print.CHECKED


@dataclass(frozen=True, slots=True)
class Kind:
    """`details` are the builds that the drawing knows; a description says "with" one of them. What
    `stands` is pictured on a floor, all else lying on a table or hanging on a wall."""

    name: str
    material: str
    category: str
    price: int
    draw: Callable[[Pen, Look], None]
    details: tuple[str, str, str]
    purpose: str
    prints: tuple[Print, ...] = ()
    stands: bool = False


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "t-shirt",
            "cotton",
            "Clothing > T-shirts",
            18,
            clothing.t_shirt,
            ("a round neck", "a V-neck", "a chest pocket"),
            "light enough for warm days",
            (STRIPED, DOTTED),
        ),
        Kind(
            "hoodie",
            "fleece",
            "Clothing > Hoodies",
            45,
            clothing.hoodie,
            ("a kangaroo pocket", "a zip", "side pockets"),
            "for cool evenings",
            (CHECKED,),
        ),
        Kind(
            "dress",
            "summer",
            "Clothing > Dresses",
            59,
            clothing.dress,
            ("thin straps", "short sleeves", "a belt"),
            "for gardens and parties",
            (STRIPED, DOTTED, CHECKED),
        ),
        Kind(
            "trousers",
            "twill",
            "Clothing > Trousers",
            49,
            clothing.trousers,
            ("straight legs", "wide legs", "turned-up hems"),
            "cut for work and weekend",
        ),
        Kind(
            "skirt",
            "linen",
            "Clothing > Skirts",
            39,
            clothing.skirt,
            ("pleats", "a row of buttons", "a ruffle at the hem"),
            "that swings as you walk",
            (DOTTED, CHECKED),
        ),
        Kind(
            "cap",
            "cotton",
            "Clothing > Caps",
            22,
            clothing.cap,
            ("a button on top", "a white badge", "a dark peak"),
            "to keep the sun out of your eyes",
            (CHECKED,),
        ),
        Kind(
            "sneaker",
            "canvas",
            "Shoes > Sneakers",
            64,
            shoes.sneaker,
            ("side stripes", "a round patch", "a high collar"),
            "for the street and the schoolyard",
            (CHECKED,),
            stands=True,
        ),
        Kind(
            "boot",
            "leather",
            "Shoes > Boots",
            119,
            shoes.boot,
            ("laces", "an elastic side", "a buckled strap"),
            "for rain and rough paths",
            stands=True,
        ),
        Kind(
            "pump",
            "suede",
            "Shoes > Heels",
            89,
            shoes.pump,
            ("a bow", "an ankle strap", "a plain front"),
            "for an evening out",
            (DOTTED,),
            stands=True,
        ),
        Kind(
            "handbag",
            "leather",
            "Bags > Handbags",
            99,
            bags.handbag,
            ("a flap", "a zip", "a tassel"),
            "for all that one needs in town",
            (DOTTED,),
            stands=True,
        ),
        Kind(
            "backpack",
            "canvas",
            "Bags > Backpacks",
            69,
            bags.backpack,
            ("a front pocket", "two front pockets", "leather straps"),
            "for school, work and short trips",
            (STRIPED, DOTTED),
            stands=True,
        ),
        Kind(
            "umbrella",
            "folding",
            "Accessories > Umbrellas",
            29,
            bags.umbrella,
            ("a curved handle", "a straight handle", "a deeply scalloped edge"),
            "that stands up to the wind",
            (STRIPED, DOTTED),
        ),
        Kind(
            "mug",
            "stoneware",
            "Kitchen > Mugs",
            14,
            kitchen.mug,
            ("a round handle", "a square handle", "a white rim"),
            "for the first coffee of the day",
            (STRIPED, DOTTED),
            stands=True,
        ),
        Kind(
            "teapot",
            "porcelain",
            "Kitchen > Teapots",
            42,
            kitchen.teapot,
            ("a knob of its colour", "a wooden knob", "a brass handle"),
            "for four cups",
            (DOTTED,),
            stands=True,
        ),
        Kind(
            "bottle",
            "steel",
            "Kitchen > Bottles",
            26,
            kitchen.bottle,
            ("a steel cap", "a loop to carry it", "a white band"),
            "that keeps drinks cold",
            (STRIPED,),
            stands=True,
        ),
        Kind(
            "table lamp",
            "linen",
            "Home > Lamps",
            75,
            home.table_lamp,
            ("a wooden foot", "a brass foot", "a round foot"),
            "for a warm light to read by",
            (STRIPED, DOTTED),
            stands=True,
        ),
        Kind(
            "armchair",
            "velvet",
            "Home > Armchairs",
            349,
            home.armchair,
            ("a smooth back", "a buttoned back", "a cushion"),
            "to sink into",
            (CHECKED,),
            stands=True,
        ),
        Kind(
            "clock",
            "painted",
            "Home > Clocks",
            34,
            home.clock,
            ("a cream face", "a face of its colour", "two bells"),
            "that is easy to read from afar",
        ),
        Kind(
            "guitar",
            "acoustic",
            "Music > Guitars",
            189,
            play.guitar,
            ("a pickguard", "a wooden rim", "f-holes"),
            "warm and full in sound",
        ),
        Kind(
            "toy car",
            "wooden",
            "Toys > Cars",
            24,
            play.toy_car,
            ("a roof rack", "a racing stripe", "round headlights"),
            "for small hands",
            stands=True,
        ),
    )
}
