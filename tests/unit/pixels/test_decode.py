"""Decoding: every mode and format becomes an upright RGB picture, and rubbish a sentence."""

from __future__ import annotations

import io
import re
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.errors import PictureUnusable
from lookalike.pixels.decode import FORMATS, MOST_SCANS, decode

MAX_PIXELS = 4_000_000
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(data: bytes, at_least: int | None = None) -> Image.Image:
    return decode(data, max_pixels=MAX_PIXELS, at_least=at_least)


def alike(image: Image.Image, at: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    """Whether this pixel has the colour, as far as a lossy format keeps it."""
    found = image.getpixel(at)
    assert isinstance(found, tuple)
    return max(abs(a - b) for a, b in zip(found, colour, strict=True)) <= 8


def halves(mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right, 60 x 40."""
    image = Image.new("RGB", (60, 40), RED)
    image.paste(BLUE, (30, 0, 60, 40))
    return image.convert(mode)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_accepted_format_is_read(kind: str) -> None:
    image = decoded(encoded(halves(), kind))

    assert (image.mode, image.size) == ("RGB", (60, 40))
    assert alike(image, (5, 20), RED)
    assert alike(image, (55, 20), BLUE)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM", "TGA", "PDF", "JPEG2000"])
def test_other_formats_are_refused_though_pillow_reads_them(kind: str) -> None:
    with pytest.raises(PictureUnusable, match="Send a JPEG, PNG"):
        decoded(encoded(halves(), kind))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "LA", "RGBA"])
@pytest.mark.parametrize("level", [0, 255])
def test_every_mode_of_png_keeps_black_and_white(mode: str, level: int) -> None:
    grey = Image.new("L", (3, 2), level).convert(mode)

    assert decoded(encoded(grey, "PNG")).getpixel((1, 1)) == (level, level, level)


def test_sixteen_bit_grey_is_scaled_and_not_clipped() -> None:
    ramp = Image.fromarray(np.array([[0, 0x4000, 0x8000, 0xFFFF]], dtype=np.uint16))
    image = decoded(encoded(ramp, "PNG"))

    assert [image.getpixel((x, 0)) for x in range(4)] == [
        (0, 0, 0),
        (64, 64, 64),
        (128, 128, 128),
        (255, 255, 255),
    ]


def test_cmyk_becomes_the_colour_that_is_printed() -> None:
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))

    assert alike(decoded(encoded(cyan, "JPEG")), (8, 8), (0, 255, 255))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_transparency_becomes_white(kind: str) -> None:
    clear = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    clear.paste((*BLUE, 255), (8, 0, 16, 16))
    image = decoded(encoded(clear, kind))

    assert alike(image, (2, 8), WHITE)
    assert alike(image, (13, 8), BLUE)


def test_half_transparent_black_becomes_grey() -> None:
    shade = Image.new("RGBA", (4, 4), (0, 0, 0, 128))

    assert alike(decoded(encoded(shade, "PNG")), (1, 1), (127, 127, 127))


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_palette_colour_becomes_white(kind: str) -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([*RED, *BLUE])
    image.putpixel((3, 3), 1)
    found = decoded(encoded(image, kind, transparency=0))

    assert found.getpixel((0, 0)) == WHITE
    assert found.getpixel((3, 3)) == BLUE


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [
        (1, (0, 0)),
        (2, (59, 0)),
        (3, (59, 39)),
        (4, (0, 39)),
        (5, (0, 0)),
        (6, (39, 0)),
        (7, (39, 59)),
        (8, (0, 59)),
    ],
)
def test_a_picture_is_turned_upright(orientation: int, corner: tuple[int, int]) -> None:
    marked = Image.new("RGB", (60, 40), WHITE)
    marked.putpixel((0, 0), RED)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decoded(encoded(marked, "PNG", exif=exif))

    assert image.size == ((60, 40) if orientation < 5 else (40, 60))
    assert image.getpixel(corner) == RED


def test_a_picture_with_broken_exif_is_still_a_picture() -> None:
    assert decoded(encoded(halves(), "JPEG", exif=b"Exif\0\0rubbish")).size == (60, 40)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_of_an_animation_the_first_frame_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (GREEN, RED, BLUE)]
    animation = encoded(frames[0], kind, save_all=True, append_images=frames[1:])

    assert alike(decoded(animation), (8, 8), GREEN)


def test_a_large_jpeg_is_decoded_smaller_but_not_too_small() -> None:
    large = encoded(Image.new("RGB", (1600, 1000), GREEN), "JPEG")

    assert decoded(large, at_least=224).size == (400, 250)
    assert decoded(large, at_least=500).size == (800, 500)
    assert decoded(large, at_least=501).size == (1600, 1000)


@pytest.mark.parametrize("size", [(1, 1), (1, 50_000), (50_000, 1)])
def test_the_thinnest_picture_is_read(size: tuple[int, int]) -> None:
    assert decoded(encoded(Image.new("RGB", size), "PNG"), at_least=320).size == size


def png_of(width: int, height: int) -> bytes:
    """The header of a PNG of this size, and no more of it than that."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checked = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checked

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("edge", [2_001, 10_000, 60_000])
def test_too_many_pixels_are_refused_by_the_header(edge: int) -> None:
    with pytest.raises(PictureUnusable, match="at most 4 million"):
        decoded(png_of(edge, edge))


def test_as_many_pixels_as_are_taken_are_decoded() -> None:
    assert decoded(encoded(Image.new("1", (2_000, 2_000)), "PNG")).size == (2_000, 2_000)


def test_a_jpeg_with_scans_without_end_is_refused() -> None:
    honest = encoded(halves(), "JPEG", progressive=True)
    last = [found.start() for found in re.finditer(b"\xff\xda", honest)][-1]
    again = honest[last:-2]

    assert decoded(honest[:-2] + again * 10 + b"\xff\xd9").size == (60, 40)
    with pytest.raises(PictureUnusable, match="scans"):
        decoded(honest[:-2] + again * MOST_SCANS + b"\xff\xd9")


def test_what_follows_the_end_of_a_jpeg_is_none_of_its_scans() -> None:
    film = b"\xff\xda" * (2 * MOST_SCANS)

    assert decoded(encoded(halves(), "JPEG") + film).size == (60, 40)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_cut_off_is_damaged(kind: str) -> None:
    rng = np.random.default_rng(1)
    whole = encoded(Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)), kind)

    for share in (0.1, 0.5, 0.9):
        with pytest.raises(PictureUnusable, match="damaged"):
            decoded(whole[: int(len(whole) * share)])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html><svg>", "an HTML page"),
        (b"<!-- a comment --><HTML>", "an HTML page"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'>", "an SVG drawing"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code>", "an XML file"),
        (b'{"error": "not found"}', "a text"),
        ("кружка".encode(), "a text"),
        (b"%PDF-1.7\n\x80\x00", "a PDF"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "a HEIC picture"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "a film"),
        (b"BM\x36\x00\x00\x00\x00\x00", "a BMP"),
        (b"\x00\x01\x02\x03", "This is no picture"),
    ],
)
def test_what_is_no_picture_is_told_by_its_kind(data: bytes, words: str) -> None:
    with pytest.raises(PictureUnusable, match=words):
        decoded(data)


PICTURES = [encoded(halves(), kind) for kind in FORMATS] + [
    encoded(halves("P"), "PNG", transparency=0),
    encoded(halves(), "JPEG", progressive=True, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
    encoded(halves(), "GIF", save_all=True, append_images=[halves("L")]),
    encoded(halves(), "WEBP", save_all=True, append_images=[halves().rotate(180)]),
]


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_a_mutated_picture_is_a_picture_or_a_sentence(data: st.DataObject) -> None:
    picture = bytearray(data.draw(st.sampled_from(PICTURES)))
    places = st.tuples(st.integers(0, len(picture) - 1), st.binary(min_size=1, max_size=4))
    for at, replacement in data.draw(st.lists(places, min_size=1, max_size=8)):
        picture[at : at + len(replacement)] = replacement
    end = data.draw(st.integers(0, len(picture)) | st.just(len(picture)))
    try:
        image = decoded(bytes(picture[:end]), at_least=16)
    except PictureUnusable:
        return
    assert image.mode == "RGB"
    assert image.width * image.height <= MAX_PIXELS


@given(st.binary(max_size=200))
def test_rubbish_is_a_sentence(rubbish: bytes) -> None:
    with pytest.raises(PictureUnusable):
        decoded(rubbish)
