"""What is seen of each request, outermost: its number, its line in the log, its place in the metrics."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import structlog
import uuid_utils
from flask import Flask, request
from werkzeug.wsgi import ClosingIterator

from service import logs
from service.settings import Settings
from service.web import metrics

HEADER = "X-Request-Id"
_GIVEN = re.compile("[A-Za-z0-9._-]{1,64}")
ROUTE, TOKEN = "parley.route", "parley.token"
UNKNOWN = "none"
"""The route of what has none: a path is never told, for anything may stand in it."""

Environ = dict[str, Any]


def install(app: Flask, settings: Settings) -> None:
    """Watch every request, from before it is looked at until its last byte is sent."""
    app.before_request(_routed)
    app.wsgi_app = _Watch(app.wsgi_app, logs.requests(settings))  # type: ignore[method-assign]


def _routed() -> None:
    # Flask's own, so that what is not known to it has no name.
    if request.url_rule is not None:
        request.environ[ROUTE] = request.url_rule.rule


def known(token: int | None) -> None:
    """Say whose request this is: the number of a token."""
    request.environ[TOKEN] = token


class _Watch:
    def __init__(self, inner: Callable[..., Iterable[bytes]], log: Any) -> None:
        self.inner, self.log = inner, log

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        began, given = time.perf_counter(), environ.get("HTTP_X_REQUEST_ID", "")
        number = given if _GIVEN.fullmatch(given) else str(uuid_utils.uuid7())
        structlog.contextvars.bind_contextvars(request=number)
        metrics.under_way.inc()
        told: dict[str, Any] = {"status": 500, "bytes": 0}

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            told["status"] = int(status[:3])
            headers.append((HEADER, number))
            return start_response(status, headers, *error)

        def over() -> None:
            seconds = time.perf_counter() - began
            self._tell(environ, told, seconds)
            structlog.contextvars.unbind_contextvars("request")

        try:
            body = self.inner(environ, start)
        except BaseException:
            over()
            raise
        return ClosingIterator(_counted(body, told), [getattr(body, "close", _nothing), over])

    def _tell(self, environ: Environ, told: dict[str, Any], seconds: float) -> None:
        metrics.under_way.dec()
        route, method, status = environ.get(ROUTE, UNKNOWN), environ["REQUEST_METHOD"], told["status"]
        # Any word may stand where a method does.
        method = method if method in METHODS else "OTHER"
        metrics.took.labels(route, method, f"{status // 100}xx").observe(seconds)
        if status == 503:
            metrics.unavailable.inc()
        if not told.get("whole"):
            metrics.broken_off.inc()
            told["broken_off"] = True
        told.pop("whole", None)
        self.log.info(
            "request",
            method=method,
            route=route,
            ms=round(seconds * 1000, 3),
            token=environ.get(TOKEN),
            **told,
        )


METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def _counted(body: Iterable[bytes], told: dict[str, Any]) -> Iterator[bytes]:
    for piece in body:
        told["bytes"] += len(piece)
        yield piece
    told["whole"] = True


def _nothing() -> None:
    pass
