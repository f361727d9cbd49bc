"""What is seen of each request, outermost: its number, its line in the log, its place in the metrics.

It lies around whatever answers, Flask or not, and reads what those say of the request in the WSGI environ.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any

import uuid_utils
from flask import Flask, Request

from service import logs
from service.secrets import PREFIX, keep_from_logs
from service.settings import Settings
from service.web import metrics
from service.web.consistency import REVISION
from service.web.metrics import Metrics

HEADER = "X-Request-Id"
_GIVEN = re.compile("[A-Za-z0-9._-]{1,64}")
ROUTE, TOKEN = "parley.route", "parley.token"
"""Where the environ has the template of the path, and the number of the token that was sent."""
UNKNOWN = "none"
"""The route of what has none: a path is never told, for anything may stand in it."""

Environ = dict[str, Any]
Headers = list[tuple[str, str]]


def install(app: Flask, settings: Settings) -> None:
    """Watch every request, from before it is looked at until its last byte is sent.

    After all else that wraps ``app.wsgi_app``.
    """
    keep_from_logs()
    answering, log, kept = app.wsgi_app, logs.requests(settings), metrics.of_this_worker()

    def observed(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = _Answer(environ, start_response, log, kept)
        try:
            answer.sent_by(answering(environ, answer.started))
        except BaseException:
            answer.close()
            raise
        return answer

    app.wsgi_app = observed  # type: ignore[method-assign]


def routed(asked: Request) -> None:
    """Name the route of a request, before anything may refuse it. What is known to Flask alone has none."""
    if asked.url_rule is not None:
        asked.environ[ROUTE] = asked.url_rule.rule


def _numbered(environ: Environ) -> str:
    """The number that the caller or a proxy gave the request, or a new one. A token is none."""
    given = environ.get("HTTP_X_REQUEST_ID")
    if given and _GIVEN.fullmatch(given) and PREFIX not in given.lower():
        return str(given)
    return str(uuid_utils.uuid7())


class _Answer:
    """An answer on its way out, and what is counted of it until it is closed."""

    __slots__ = (
        "_began",
        "_bytes",
        "_close",
        "_environ",
        "_log",
        "_metrics",
        "_next",
        "_number",
        "_revision",
        "_start",
        "_status",
        "_whole",
    )

    def __init__(
        self, environ: Environ, start: Callable[..., Any], log: Any, metrics: Metrics | None
    ) -> None:
        self._began = perf_counter()
        self._environ, self._start, self._log, self._metrics = environ, start, log, metrics
        self._number = _numbered(environ)
        logs.number.set(self._number)
        self._status, self._bytes, self._whole = 500, 0, False
        self._revision: int | None = None
        self._next: Callable[[], bytes] = iter(()).__next__
        self._close: Callable[[], Any] | None = None
        if metrics:
            metrics.began()

    def started(self, status: str, headers: Headers, *error: Any) -> Any:
        self._status = int(status[:3])
        for name, value in headers:
            if name == REVISION:
                self._revision = int(value)
        # A list of its own: that of an answer which is kept for others is not to be written to.
        return self._start(status, [*headers, (HEADER, self._number)], *error)

    def sent_by(self, pieces: Iterable[bytes]) -> None:
        self._close = getattr(pieces, "close", None)
        self._next = iter(pieces).__next__

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            piece = self._next()
        except StopIteration:
            self._whole = True
            raise
        self._bytes += len(piece)
        return piece

    def close(self) -> None:
        """All is sent, or the caller has gone. The server calls it once, whatever came."""
        try:
            if self._close:
                self._close()
        finally:
            self._tell()
            logs.number.set(None)

    def _tell(self) -> None:
        environ, seconds, status = self._environ, perf_counter() - self._began, self._status
        route, method = environ.get(ROUTE, UNKNOWN), environ["REQUEST_METHOD"]
        if self._metrics:
            self._metrics.ended(route, method, status, seconds, self._whole)
        event = {
            "event": "request",
            "request": self._number,
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 3),
            "bytes": self._bytes,
            "token": environ.get(TOKEN),
        }
        if self._revision is not None:
            event["revision"] = self._revision
        if not self._whole:
            event["broken_off"] = True
        self._log("error" if status >= 500 else "info", event)
