"""Keys of products in paths: whatever a merchant calls a product, slashes included."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api
from werkzeug.routing import BaseConverter


class KeyConverter(BaseConverter):
    """The rest of the path, as it is: `a//b`, a leading and a trailing slash are the key's own."""

    regex = ".+"
    part_isolating = False


def install(app: Flask, api: Api) -> None:
    """Makes `<key:…>` known to the routes; to be called before they are added."""
    app.url_map.merge_slashes = False
    app.url_map.converters["key"] = KeyConverter
    api.register_converter(KeyConverter, _documented)


def _documented(_: KeyConverter) -> dict[str, str | int]:
    return {"type": "string", "minLength": 1, "maxLength": 512}
