"""Safe decoding: bytes of strangers become an upright RGB picture, or a sentence."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from lookalike.errors import PictureUnusable

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")

_KNOWN = "Send a JPEG, PNG, WebP, GIF or AVIF."

_SEEMS = (
    (b"%PDF", "a PDF"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML or SVG file"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"BM", "a BMP"),
)

_WIDE_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


def decode(data: bytes, *, max_pixels: int, at_least: int | None = None) -> Image.Image:
    """The picture in a file: RGB, upright by its EXIF, alpha on white, the first frame.

    With `at_least`, a large JPEG is decoded smaller, as long as both edges keep so many pixels.
    Raises `PictureUnusable`: not a picture, damaged, or of more than `max_pixels`, which the
    header tells before a pixel is decoded.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return _upright_rgb(image, max_pixels, at_least)
    except PictureUnusable:
        raise
    except Image.DecompressionBombError as error:
        raise PictureUnusable(_too_large(max_pixels)) from error
    except UnidentifiedImageError as error:
        raise PictureUnusable(_not_a_picture(data)) from error
    except Exception as error:  # whatever a decoder of six formats raises over rubbish
        raise PictureUnusable(
            "The picture is damaged or cut off. Save it again and upload that."
        ) from error


def _upright_rgb(image: ImageFile.ImageFile, max_pixels: int, at_least: int | None) -> Image.Image:
    if image.width * image.height > max_pixels:
        raise PictureUnusable(_too_large(max_pixels, image.size))
    if at_least is not None:
        image.draft("RGB", (at_least, at_least))
    image.seek(0)
    image.load()
    upright = ImageOps.exif_transpose(image)
    return _on_white(_eight_bits(upright))


def _eight_bits(image: Image.Image) -> Image.Image:
    """Sixteen-bit grey scaled to eight: Pillow itself would clip it."""
    if image.mode not in _WIDE_MODES:
        return image
    values = np.asarray(image, dtype=np.float64)
    return Image.fromarray(np.clip(values / 257, 0, 255).round().astype(np.uint8), "L")


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    with_alpha = image.convert("RGBA")
    white = Image.new("RGBA", with_alpha.size, "white")
    return Image.alpha_composite(white, with_alpha).convert("RGB")


def _too_large(max_pixels: int, size: tuple[int, int] | None = None) -> str:
    found = f" ({size[0]:,} x {size[1]:,})" if size else ""
    return (
        f"The picture has too many pixels{found}; at most {max_pixels // 1_000_000} million are "
        "taken. Make it smaller."
    )


def _not_a_picture(data: bytes) -> str:
    if not data:
        return f"The file is empty. {_KNOWN}"
    start = data[:256].lstrip().lower()
    if data[4:8] == b"ftyp":
        return f"This seems to be a HEIC picture or a film. {_KNOWN}"
    for mark, name in _SEEMS:
        if start.startswith(mark.lower()):
            return f"This seems to be {name}, not a picture. {_KNOWN}"
    return f"This is no picture that can be read. {_KNOWN}"
