"""Which pages of other sites a browser lets call the service (CORS: https://fetch.spec.whatwg.org)."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, current_app, request

from service.settings import Settings

SAFE = ("GET", "HEAD")
TAKEN = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Parley-Revision"
"""Headers that a page may send; the others that need no asking it may send anyway."""
SHOWN = (
    "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, Parley-Revision, Parley-Staleness, "
    "Idempotency-Replayed"
)
"""Headers of an answer that a page may read, beside those that any may."""
READABLE = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", SHOWN)]
"""The headers by which every page may read an answer."""
MAX_AGE = "7200"
"""Seconds for which a browser need not ask again: the longest that Chromium keeps to."""


def install(app: Flask, settings: Settings) -> None:
    """Reading is open to every page, with a token or without; writing to those of the settings' origins.

    That an answer may be read, ``headers`` says. No answer depends on cookies, so none is ever allowed with
    credentials.
    """
    writers = frozenset(origin.strip() for origin in settings.cors_origins.split(",") if origin.strip())

    def allowed(method: str) -> str | None:
        if method in SAFE:
            return "*"
        origin = request.headers.get("Origin")
        return origin if origin in writers else None

    def preflight() -> Response | None:
        if not _is_preflight() or request.routing_exception is not None:
            return None
        response = current_app.make_default_options_response()
        response.status_code = 204
        del response.headers["Content-Type"]
        wanted = request.headers["Access-Control-Request-Method"]
        if allowed(wanted):
            methods = SAFE if wanted in SAFE else sorted(set(response.allow) - {"OPTIONS"})
            response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
            response.headers["Access-Control-Allow-Headers"] = TAKEN
            response.headers["Access-Control-Max-Age"] = MAX_AGE
        return response

    def open_up(response: Response) -> Response:
        method = request.method
        if method in SAFE:
            return response
        if _is_preflight():
            method = request.headers["Access-Control-Request-Method"]
            response.vary.update(["Origin", "Access-Control-Request-Method"])
        elif "Vary" in response.headers:
            response.vary.add("Origin")
        else:
            response.headers["Vary"] = "Origin"  # Without a set being made of it, and text again.
        if origin := allowed(method):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = SHOWN
        return response

    app.before_request(preflight)
    app.after_request(open_up)


def headers(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the answer to a read says to every page."""
    return READABLE if environ["REQUEST_METHOD"] in SAFE else []


def _is_preflight() -> bool:
    return (
        request.method == "OPTIONS"
        and "Origin" in request.headers
        and "Access-Control-Request-Method" in request.headers
    )
