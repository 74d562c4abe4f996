"""Reading JSON bodies: strictly, and with an error that says what is wrong."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from flask import current_app, request

from lookalike.errors import Invalid, Refused
from webapp.unpacking import NotReadable, unpacked

MOST_DEPTH = 64
"""JSON nested deeper than this is refused before it is parsed further."""


class NotJson(Refused):
    """The body is not JSON."""

    code = "not_json"


def require_json() -> None:
    """Raises `NotReadable` unless the request says that it carries JSON."""
    if not request.is_json:
        raise NotReadable("Send JSON, with Content-Type: application/json.")


def read_object() -> dict[str, Any]:
    """The request's JSON object.

    Raises `NotReadable` (another Content-Type or encoding), `TooLarge` (counted unpacked),
    `NotGzip`, and `NotJson` (broken, NaN, nested too deep, or not an object).
    """
    require_json()
    value = parse_json(b"".join(unpacked(current_app.config["MAX_CONTENT_LENGTH"])))
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
        value = DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotJson("The body is not UTF-8.") from error
    except RecursionError as error:
        raise too_deep() from error
    except ValueError as error:
        raise NotJson(f"The body is not JSON: {error}.") from error
    return shallow(value)


def shallow(value: Any) -> Any:
    """The value. Raises `NotJson` where it is nested too deep."""
    if _depth(value) > MOST_DEPTH:
        raise too_deep()
    return value


def too_deep() -> NotJson:
    """The error of JSON that is nested too deep."""
    return NotJson(f"The JSON is nested deeper than {MOST_DEPTH} levels.")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:40]} is too large a number")
    return number


DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
"""Decodes JSON as RFC 8259 has it: no NaN, no Infinity."""


def _depth(value: Any) -> int:
    deepest, level = 0, [value] if isinstance(value, dict | list) else []
    while level:
        deepest += 1
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, dict | list)
        ]
    return deepest
