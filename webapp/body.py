"""Reading JSON bodies: strictly, and with an error that says what is wrong."""

from __future__ import annotations

import json
import math
import zlib
from typing import Any, NoReturn

from flask import current_app, request

from lookalike.errors import Invalid, Refused, TooLarge

MOST_DEPTH = 64
"""JSON nested deeper than this is refused before it is parsed further."""


class NotJson(Refused):
    """The body is not JSON."""

    code = "not_json"


class NotReadable(Refused):
    """The body is of a kind that this endpoint does not read."""

    code = "unsupported_media_type"


def read_object() -> dict[str, Any]:
    """The request's JSON object.

    Raises `NotReadable` (another Content-Type or encoding), `TooLarge` (counted unpacked) and
    `NotJson` (broken, NaN, nested too deep, or not an object).
    """
    if not request.is_json:
        raise NotReadable("Send JSON, with Content-Type: application/json.")
    value = parse_json(_unpacked(request.get_data(cache=False)))
    if not isinstance(value, dict):
        raise NotJson("The body must be a JSON object, in braces.")
    return value


def read_file(field: str) -> bytes:
    """The file of a multipart request's field. Raises `Invalid` where it is not there."""
    file = request.files.get(field)
    if file is None:
        detail = f"A multipart request must carry a file in the field {field}."
        raise Invalid(detail, {field: [detail]})
    data: bytes = file.read()
    return data


def parse_json(body: bytes) -> Any:
    """JSON as RFC 8259 has it: UTF-8, no NaN, no Infinity. Raises `NotJson`."""
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise NotJson("The body is not UTF-8.") from error
    except RecursionError as error:
        raise NotJson(f"The JSON is nested deeper than {MOST_DEPTH} levels.") from error
    except ValueError as error:
        raise NotJson(f"The body is not JSON: {error}.") from error
    if _depth(value) > MOST_DEPTH:
        raise NotJson(f"The JSON is nested deeper than {MOST_DEPTH} levels.")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:40]} is too large a number")
    return number


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        children: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                children.extend(each.values())
            elif isinstance(each, list):
                children.extend(each)
        level = [child for child in children if isinstance(child, dict | list)]
    return deepest


def _unpacked(data: bytes) -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity":
        return data
    if encoding != "gzip":
        raise NotReadable("The body may be plain or gzip; send it without another encoding.")
    most = current_app.config["MAX_CONTENT_LENGTH"]
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(data, most + 1)
    except zlib.error as error:
        raise NotJson("The body says that it is gzip, but it is not.") from error
    if len(unpacked) > most:
        raise TooLarge(f"The body is larger than {most} bytes when unpacked. Send less at once.")
    if not unpacker.eof:
        raise NotJson("The gzip body ends too early.")
    return unpacked
