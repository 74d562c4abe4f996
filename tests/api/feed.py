"""What the tests of the feed API speak with."""

from __future__ import annotations

from typing import Any

from tests.api.harness import Api, jpeg

PRODUCTS = "/api/v1/catalog/products"


def put(api: Api, *products: Any, **kwargs: Any) -> dict[str, Any]:
    """Uploads products and gives the answer, which is a 202."""
    answer = api.call("PUT", PRODUCTS, {"products": list(products)}, **kwargs)
    assert answer.status_code == 202, answer.text
    return dict(answer.json or {})


def milk(**facts: Any) -> dict[str, Any]:
    """A product with a picture."""
    return {"sku": "milk", "name": "Milk", "image_url": "https://example.com/milk.jpg"} | facts


def with_pictures(api: Api, *names: str) -> None:
    """Puts pictures behind `https://example.com/<name>.jpg`."""
    for number, name in enumerate(names):
        color = f"rgb({40 * number}, 120, 200)"
        api.internet.pictures[f"https://example.com/{name}.jpg"] = jpeg(color)


def job(api: Api, id: str) -> dict[str, Any]:
    """A job as it stands."""
    answer = api.call("GET", f"/api/v1/catalog/jobs/{id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def read(api: Api, sku: str) -> dict[str, Any]:
    """A product as it is stored."""
    answer = api.call("GET", f"{PRODUCTS}/{sku}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def found(api: Api, body: dict[str, Any]) -> set[str]:
    """The skus that a search finds."""
    answer = api.call("POST", "/api/v1/catalog/search", body)
    assert answer.status_code == 200, answer.text
    return {each["external_id"] for each in (answer.json or {})["results"]}
