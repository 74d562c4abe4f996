"""Safe decoding: bytes of strangers become an upright RGB picture, or a sentence."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.Image import Transpose

from lookalike.errors import PictureReason as Reason
from lookalike.errors import PictureUnusable
from lookalike.pixels.guess import guess
from lookalike.pixels.scans import scans

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")

MOST_SCANS = 100

_JPEG = b"\xff\xd8\xff"
_BRANDS = {b"WEBP", b"avif", b"avis"}

_DAMAGED = "The picture is damaged or cut off. Save it again and upload that."
_SEND = "Send a JPEG, PNG, WebP, GIF or AVIF."

_UPRIGHT_BY = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""How a picture becomes upright, by its orientation in EXIF; 1 is upright."""


LONGEST_EDGE = 65_535
"""Pixels, the most that JPEG knows. Decoders keep whole rows, and one row of fifty million pixels
takes gigabytes."""


def decode(data: bytes, *, max_pixels: int, at_least: int | None = None) -> Image.Image:
    """The picture in a file: RGB, upright by its EXIF, alpha on white, the first frame.

    With `at_least`, a large JPEG is decoded smaller, as long as both edges keep so many pixels.
    Raises `PictureUnusable`: not a picture, damaged, or of more than `max_pixels`, which the
    header tells before a pixel is decoded. (Pillow's own limit, 178 million, stands above that.)
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_cost(image, data, max_pixels)
            if at_least is not None:
                image.draft("RGB", (at_least, at_least))
            return _on_white(_eight_bits(_upright(image)))
    except (PictureUnusable, MemoryError):  # the latter is our shortage, not the picture's fault
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(max_pixels) from error
    except UnidentifiedImageError as error:
        raise _unidentified(data) from error
    except Exception as error:  # whatever a decoder of five formats raises over rubbish
        raise _damaged() from error


def _check_cost(image: Image.Image, data: bytes, max_pixels: int) -> None:
    if image.width * image.height > max_pixels or max(image.size) > LONGEST_EDGE:
        raise _too_large(max_pixels)
    if data.startswith(_JPEG) and scans(data) > MOST_SCANS:
        raise PictureUnusable(
            f"The picture is a JPEG of more than {MOST_SCANS} scans. Save it again as a usual one.",
            reason=Reason.TOO_MANY_PIXELS,
        )


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    turn = None
    with suppress(Exception):  # a picture with broken EXIF is still a picture
        turn = _UPRIGHT_BY.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return image if turn is None else image.transpose(turn)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Sixteen-bit grey scaled to eight: Pillow itself would clip it."""
    if not image.mode.startswith("I;16"):
        return image
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    with_alpha = image if image.mode == "RGBA" else image.convert("RGBA")
    white = Image.new("RGB", with_alpha.size, "white")
    white.paste(with_alpha, mask=with_alpha)
    return white


def _too_large(max_pixels: int) -> PictureUnusable:
    return PictureUnusable(
        f"The picture has too many pixels: at most {max_pixels / 1_000_000:g} million are taken, "
        f"and {LONGEST_EDGE:,} along an edge. Make it smaller.",
        reason=Reason.TOO_MANY_PIXELS,
    )


def _unidentified(data: bytes) -> PictureUnusable:
    if data.startswith((_JPEG, b"\x89PNG\r\n", b"GIF8")) or data[8:12] in _BRANDS:
        return _damaged()
    seems = f"This seems to be {guess(data)}." if guess(data) else "This is no picture."
    said = f"{seems if data else 'The file is empty.'} {_SEND}"
    return PictureUnusable(said, reason=Reason.NOT_A_PICTURE)


def _damaged() -> PictureUnusable:
    return PictureUnusable(_DAMAGED, reason=Reason.DAMAGED)
