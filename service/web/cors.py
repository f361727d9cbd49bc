"""Which pages of other sites a browser lets call the service (CORS: https://fetch.spec.whatwg.org)."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Request, Response

from service.settings import Settings
from service.web import hooks

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

    def allowed(asked: Request, method: str) -> str | None:
        if method in SAFE:
            return "*"
        origin = asked.environ.get("HTTP_ORIGIN")
        return origin if origin in writers else None

    def preflight(asked: Request) -> Response | None:
        if not _is_preflight(asked) or asked.routing_exception is not None:
            return None
        response = app.make_default_options_response()
        response.status_code = 204
        del response.headers["Content-Type"]
        wanted = asked.headers["Access-Control-Request-Method"]
        if allowed(asked, wanted):
            methods = SAFE if wanted in SAFE else sorted(set(response.allow) - {"OPTIONS"})
            response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
            response.headers["Access-Control-Allow-Headers"] = TAKEN
            response.headers["Access-Control-Max-Age"] = MAX_AGE
        return response

    def open_up(asked: Request, response: Response) -> Response:
        method = asked.method
        if method in SAFE:
            return response
        if _is_preflight(asked):
            method = asked.headers["Access-Control-Request-Method"]
            response.vary.update(["Origin", "Access-Control-Request-Method"])
        elif response.headers.getlist("Vary"):
            response.vary.add("Origin")
        else:
            response.headers.add("Vary", "Origin")  # Without a set being made of it, and text again.
        if origin := allowed(asked, method):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = SHOWN
        return response

    hooks.before(app, preflight)
    hooks.after(app, open_up)


def headers(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the answer to a read says to every page."""
    return READABLE if environ["REQUEST_METHOD"] in SAFE else []


def _is_preflight(asked: Request) -> bool:
    return (
        asked.method == "OPTIONS"
        and "Origin" in asked.headers
        and "Access-Control-Request-Method" in asked.headers
    )
