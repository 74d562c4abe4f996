"""Colours: the plain ones that products are named after, and those of materials."""

from __future__ import annotations

from dataclasses import dataclass

Rgb = tuple[int, int, int]

COLORS: dict[str, Rgb] = {
    "red": (206, 46, 52),
    "orange": (239, 126, 38),
    "yellow": (245, 198, 52),
    "green": (62, 148, 84),
    "turquoise": (56, 184, 188),
    "blue": (44, 94, 184),
    "purple": (126, 76, 168),
    "pink": (240, 140, 172),
    "brown": (128, 84, 54),
    "black": (46, 48, 54),
}

WHITE: Rgb = (255, 255, 255)
NIGHT: Rgb = (22, 22, 34)
CREAM: Rgb = (250, 245, 234)
WOOD: Rgb = (206, 164, 116)
WOOD_DARK: Rgb = (158, 116, 76)
STEEL: Rgb = (190, 196, 204)
STEEL_DARK: Rgb = (138, 146, 156)
BRASS: Rgb = (212, 172, 92)
LEATHER: Rgb = (156, 104, 66)
RUBBER: Rgb = (72, 74, 82)
GLASS: Rgb = (206, 232, 240)
GLOW: Rgb = (255, 240, 190)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """The colour that holds `share` (0 to 1) of the other one."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return (red, green, blue)


@dataclass(frozen=True, slots=True)
class Tones:
    """A product's colour, and what light makes of it."""

    base: Rgb

    @property
    def light(self) -> Rgb:
        """A lit edge."""
        return mix(self.base, WHITE, 0.22)

    @property
    def dark(self) -> Rgb:
        """A side that lies in shade."""
        return mix(self.base, NIGHT, 0.2)

    @property
    def deep(self) -> Rgb:
        """The inside: a neckline, the mouth of a bag."""
        return mix(self.base, NIGHT, 0.42)

    @property
    def seam(self) -> Rgb:
        """A line on the base that is seen on black cloth, too."""
        lightness = sum(self.base) / 3
        return mix(self.base, NIGHT, 0.34) if lightness > 70 else mix(self.base, WHITE, 0.24)

    @property
    def print(self) -> Rgb:
        """What is printed on the base."""
        return mix(self.base, CREAM, 0.72)
