"""Where a thing is seen: the surface behind it, the light on it and the shadow it casts."""

from __future__ import annotations

import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from lookalike.demo.drawings.kinds import Kind
from lookalike.demo.drawings.look import Look
from lookalike.demo.drawings.palette import NIGHT, WHITE, Rgb, mix
from lookalike.demo.drawings.pen import SIZE, Pen
from lookalike.demo.drawings.view import View

PAPER: Rgb = (247, 247, 245)
ROOMS: tuple[Rgb, ...] = (
    (226, 220, 208),
    (208, 216, 222),
    (220, 224, 210),
    (214, 206, 198),
    (232, 224, 226),
    (198, 200, 206),
)
LAMPS: tuple[Rgb, ...] = ((255, 250, 238), (242, 248, 255), WHITE)
SHOP_DIM: Rgb = (243, 243, 246)

SHADOW = 0.42
"""The share of the light that a shadow takes where it is deepest."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A view, what is behind the thing, and what the light leaves of each pixel."""

    view: View
    surface: Image.Image
    light: Image.Image


def in_shop() -> Scene:
    """The picture of a catalogue: straight from the front, on paper."""
    return Scene(View(zoom=0.94), _plain(PAPER), _light(WHITE, SHOP_DIM, from_left=True))


def at_home(stands: bool, dice: random.Random) -> Scene:
    """A shopper's own photograph: another angle, another place, another light."""
    view = View(
        turn=dice.choice((-1, 1)) * dice.uniform(12, 34),
        roll=dice.uniform(-2, 2) if stands else dice.uniform(-16, 16),
        zoom=dice.uniform(0.68, 0.86),
        mirror=dice.random() < 0.5,
        right=dice.uniform(-5, 5),
        down=dice.uniform(-3, 3),
    )
    color, lamp = dice.choice(ROOMS), dice.choice(LAMPS)
    surface = _room(color, dice) if stands else _table(color, dice)
    dim = mix(lamp, NIGHT, dice.uniform(0.1, 0.22))
    return Scene(view, surface, _light(lamp, dim, from_left=dice.random() < 0.5))


def draw(kind: Kind, look: Look, scene: Scene) -> Image.Image:
    """The picture: RGB, `SIZE` pixels each way, the same whenever it is drawn."""
    pen = Pen(scene.view)
    kind.draw(pen, look)
    thing, coverage = pen.finish()
    shadow = _shadow_of_standing(coverage) if kind.stands else _shadow_of_lying(coverage)
    shaded = shadow.point(lambda depth: 255 - depth * SHADOW)
    not_hidden = ImageChops.multiply(shaded, ImageChops.invert(coverage))
    behind = ImageChops.multiply(scene.surface, Image.merge("RGB", [not_hidden] * 3))
    return ImageChops.multiply(ImageChops.add(thing, behind), scene.light)


def _plain(color: Rgb) -> Image.Image:
    return Image.new("RGB", (SIZE, SIZE), color)


def _room(wall: Rgb, dice: random.Random) -> Image.Image:
    """A wall and a floor."""
    room = _plain(wall)
    edge = round(SIZE * dice.uniform(0.6, 0.68))
    pencil = ImageDraw.Draw(room)
    pencil.rectangle((0, edge, SIZE, SIZE), mix(wall, NIGHT, 0.14))
    pencil.line((0, edge, SIZE, edge), mix(wall, WHITE, 0.5), 5)
    return room


def _table(wood: Rgb, dice: random.Random) -> Image.Image:
    """Planks, or a bare table."""
    table = _plain(wood)
    if dice.random() < 0.5:
        pencil = ImageDraw.Draw(table)
        for edge in range(dice.randrange(100), SIZE, 120):
            pencil.line((0, edge, SIZE, edge), mix(wood, NIGHT, 0.16), 3)
    return table


def _shadow_of_standing(coverage: Image.Image) -> Image.Image:
    """A pool of shade beneath the thing."""
    left, _, right, bottom = coverage.getbbox() or (0, 0, SIZE, SIZE)
    shadow = Image.new("L", coverage.size)
    ImageDraw.Draw(shadow).ellipse((left - 2, bottom - 16, right + 10, bottom + 9), 255)
    return _soft(shadow)


def _shadow_of_lying(coverage: Image.Image) -> Image.Image:
    """The thing's own outline, a little beside it."""
    shadow = Image.new("L", coverage.size)
    shadow.paste(coverage, (5, 8))
    return _soft(shadow)


def _soft(shadow: Image.Image) -> Image.Image:
    """Blurred while it is small, which looks the same and takes a tenth of the time."""
    small = shadow.reduce(4).filter(ImageFilter.GaussianBlur(1.75))
    return small.resize(shadow.size, Image.Resampling.BILINEAR)


def _light(bright: Rgb, dim: Rgb, *, from_left: bool) -> Image.Image:
    """Brightest in one upper corner, dim in the lower one across."""
    corners = Image.new("RGB", (2, 2), mix(bright, dim, 0.5))
    corners.putpixel((0 if from_left else 1, 0), bright)
    corners.putpixel((1 if from_left else 0, 1), dim)
    return corners.resize((SIZE, SIZE), Image.Resampling.BILINEAR, box=(0.5, 0.5, 1.5, 1.5))
