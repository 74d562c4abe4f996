"""The Flask app of one web process."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import Flask, redirect
from flask_smorest import Api
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as WerkzeugResponse

from lookalike.bootstrap import Services
from lookalike.settings import read_settings
from lookalike.stage import Stage
from lookalike.telemetry import tracing
from lookalike.telemetry.logs import configure_logs
from webapp import access, auth, cors, health, keypath, limits, metrics, problems, traced
from webapp.accounts.routes import blueprint as accounts
from webapp.feed.routes import blueprint as feed
from webapp.state import EXTENSION
from webapp.visual.routes import blueprint as visual

DOCS = "/docs"
DOCUMENT = "/openapi.json"

_SWAGGER = {"validatorUrl": None, "app_name": "Lookalike"}
"""No badge from an outside validator: the page asks no other host for anything."""

_ABOUT = (
    "Upload products, and find them by picture, by words, or both. Each request carries a key, as "
    "`X-API-Key: …` or `Authorization: Bearer …`. An error is a problem document (RFC 9457) with a "
    "stable `code`. Pictures are fetched from their URLs, embedded, and not kept: to embed them "
    "again is to download them again."
)

_SECURITY = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}


class DocumentedApi(Api):  # type: ignore[misc]
    """flask-smorest without its errors: `problems` answers each of them, and is what the document
    shows."""

    def _register_error_handlers(self) -> None:
        """Leaves errors to `problems.install`."""

    def _register_responses(self) -> None:
        """Documents errors, under the names by which flask-smorest refers to them."""
        content = {problems.MIMETYPE: {"schema": problems.Problem}}
        for name in ("DEFAULT_ERROR", HTTPStatus.UNPROCESSABLE_ENTITY.name):
            response = {"description": "What went wrong, and what to do", "content": content}
            self.spec.components.response(name, response, lazy=True)


def create_app(services: Services | None = None) -> Flask:
    """The app over these services, or over those of the environment's settings.

    gunicorn calls it in each process after the fork, so clients and models are made there.
    """
    if services is None:
        settings = read_settings()
        configure_logs(settings.log_level, settings.log_format)
        tracing.begin("lookalike-web")
        current = Stage(settings).services
    else:
        settings, current = services.settings, partial(_always, services)
    app = Flask("webapp")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config.update(_openapi_config())
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_mb * 1024 * 1024
    app.extensions[EXTENSION] = current
    traced.install(app)
    access.install(app)
    metrics.install(app, settings.metrics_port)
    auth.install(app)
    cors.install(app)
    limits.install(app)
    problems.install(app)
    api = DocumentedApi(app)
    keypath.install(app, api)
    api.register_blueprint(visual)
    api.register_blueprint(feed)
    api.register_blueprint(accounts)
    app.register_blueprint(get_swaggerui_blueprint(DOCS, DOCUMENT, config=_SWAGGER))
    app.add_url_rule("/", view_func=_front)
    health.install(app)
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )
    return app


def _always(services: Services) -> Services:
    return services


def _front() -> WerkzeugResponse:
    return redirect(f"{DOCS}/")


def _openapi_config() -> dict[str, Any]:
    return {
        "API_TITLE": "Lookalike",
        "API_VERSION": version("lookalike"),
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
        "OPENAPI_JSON_PATH": DOCUMENT.removeprefix("/"),
        "API_SPEC_OPTIONS": {
            "info": {"description": _ABOUT},
            "components": {"securitySchemes": _SECURITY},
            "security": [{"key": []}, {"bearer": []}],
        },
    }
