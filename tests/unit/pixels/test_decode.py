"""Safe decoding: what is understood, and that rubbish is a sentence."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.errors import PictureUnusable
from lookalike.pixels.decode import decode

MOST = 10_000_000


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def pixel(image: Image.Image, at: tuple[int, int] = (5, 5)) -> tuple[int, ...]:
    value = image.getpixel(at)
    assert isinstance(value, tuple)
    return value


RED = Image.new("RGB", (32, 24), (200, 30, 40))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_each_format_is_read(kind: str) -> None:
    image = decode(saved(RED, kind), max_pixels=MOST)
    assert (image.mode, image.size) == ("RGB", (32, 24))
    assert pixel(image) == pytest.approx((200, 30, 40), abs=12)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (RED.convert("P"), (204, 51, 0)),
        (RED.convert("L"), None),
        (Image.new("1", (32, 24), 1), (255, 255, 255)),
        (Image.new("LA", (32, 24), (0, 0)), (255, 255, 255)),
        (Image.new("RGBA", (32, 24), (200, 30, 40, 0)), (255, 255, 255)),
        (Image.new("RGBA", (32, 24), (200, 30, 40, 255)), (200, 30, 40)),
        (Image.fromarray(np.full((24, 32), 0x8080, np.uint16)), (128, 128, 128)),
    ],
)
def test_every_mode_of_png_becomes_rgb_on_white(
    image: Image.Image, expected: tuple[int, ...] | None
) -> None:
    decoded = decode(saved(image, "PNG"), max_pixels=MOST)
    assert decoded.mode == "RGB"
    if expected:
        assert pixel(decoded) == pytest.approx(expected, abs=30)


def test_a_palette_s_transparent_colour_is_white() -> None:
    image = Image.new("P", (32, 24), 0)
    image.putpalette([0, 0, 0, 200, 30, 40])
    assert pixel(decode(saved(image, "PNG", transparency=0), max_pixels=MOST)) == (255, 255, 255)


def test_cmyk_is_not_inverted() -> None:
    decoded = decode(saved(RED.convert("CMYK"), "JPEG"), max_pixels=MOST)
    assert pixel(decoded) == pytest.approx((200, 30, 40), abs=12)


def test_a_picture_stands_upright_by_its_exif() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(saved(RED, "JPEG", exif=exif), max_pixels=MOST).size == (24, 32)


def test_the_first_frame_of_an_animation_counts() -> None:
    blue = Image.new("RGB", (32, 24), "blue")
    data = saved(RED, "GIF", save_all=True, append_images=[blue] * 3)
    assert pixel(decode(data, max_pixels=MOST)) == pytest.approx((200, 30, 40), abs=12)


def test_a_large_jpeg_is_decoded_smaller_but_not_too_small() -> None:
    data = saved(RED.resize((3200, 2400)), "JPEG")
    assert decode(data, max_pixels=MOST, at_least=300).size == (400, 300)
    assert decode(data, max_pixels=MOST).size == (3200, 2400)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_picture_of_too_many_pixels_is_refused_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    with pytest.raises(PictureUnusable, match="too many pixels"):
        decode(bomb, max_pixels=MOST)
    with pytest.raises(PictureUnusable, match="too many pixels"):
        decode(saved(RED, "PNG"), max_pixels=100)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (99, 99, 3), np.uint8))
    data = saved(noise, kind)
    with pytest.raises(PictureUnusable):
        decode(data[: len(data) // 2], max_pixels=MOST)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\n <html>", "HTML"),
        (b"<svg xmlns=", "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"\x00\x00\x00\x18ftypheic", "HEIC"),
        (b"just text", "no picture"),
        (saved(RED, "BMP"), "BMP"),
        (saved(RED, "TIFF"), "TIFF"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, word: str) -> None:
    with pytest.raises(PictureUnusable, match=word):
        decode(data, max_pixels=MOST)


PICTURES = [saved(RED, kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF")]


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(PICTURES),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_a_damaged_picture_is_read_or_refused_but_never_worse(
    picture: bytes, damage: list[tuple[int, int]]
) -> None:
    damaged = bytearray(picture)
    for place, value in damage:
        damaged[place % len(damaged)] = value
    try:
        assert decode(bytes(damaged), max_pixels=MOST).mode == "RGB"
    except PictureUnusable as error:
        assert error.detail.endswith(".")
