"""The view of a search, which both APIs mount under their own address."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from webapp.body import read_file, read_object
from webapp.documenting import json_body, named
from webapp.limits import searching_caller
from webapp.search import examples, parse, present
from webapp.search.schemas import PictureSearch, SearchRequest
from webapp.state import services

REQUEST: dict[str, Any] = {
    "required": True,
    "content": {
        **json_body(SearchRequest, picture=examples.SEARCH_BY_URL, words=examples.SEARCH_BY_WORDS)[
            "content"
        ],
        "multipart/form-data": {"schema": PictureSearch},
    },
}
"""The body of a search in the OpenAPI document."""

EXAMPLES = named(picture=examples.FOUND_BY_URL, words=examples.FOUND_BY_WORDS)


def search() -> Response:
    """Answers the request's search."""
    who = searching_caller()
    if request.mimetype == "multipart/form-data":
        query = parse.search_form(request.form, read_file("image"))
    else:
        query = parse.search(read_object())
    # Presented as it is: going through its schema once more would cost a search's time again.
    return jsonify(present.answer(services().searcher.search(who.tenant, query)))
