"""Every error as a problem document (RFC 9457), and the table of the types there are."""

import logging
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson
from flask import Flask, Response, request, url_for
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from service import errors

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "1"
"""Seconds. A write waits for a lock longer than that before it is given up."""

log = logging.getLogger(__name__)


class Kind(NamedTuple):
    """One type of problem: ``/problems/{name}`` explains it."""

    status: int
    title: str
    about: str
    retry: bool = False


KINDS = {
    "malformed": Kind(
        400,
        "Malformed request",
        "What was sent is not JSON, or not what HTTP allows (a header, a body that broke off), "
        "or a cursor not made here.",
    ),
    "unauthenticated": Kind(
        401,
        "A token is needed",
        "Send Authorization: Bearer with a token that is neither revoked nor expired.",
    ),
    "forbidden": Kind(403, "Not within the token's scope", "The token's scope does not reach this far."),
    "not-found": Kind(404, "Not found", "There is no such path, record or revision, or there was none then."),
    "method-not-allowed": Kind(
        405, "Method not allowed", "The path exists; the Allow header says what it takes."
    ),
    "not-acceptable": Kind(
        406, "Format not available", "None of the formats asked for is one this path gives."
    ),
    "conflict": Kind(
        409,
        "Conflicts with other records",
        "The id is taken; or other records refer to what was to be deleted (referrers names the first); "
        "or a change would make what they say meaningless.",
    ),
    "idempotency-key-in-use": Kind(
        409,
        "Still in progress",
        "The first request with this Idempotency-Key has not been answered yet. Retry after a moment.",
        retry=True,
    ),
    "precondition-failed": Kind(
        412,
        "Not the current version",
        "The record is not at a version that If-Match names, or it is at one that If-None-Match does; "
        "or a read would not give the answer that If-Match names. The ETag header has the current version.",
    ),
    "too-large": Kind(
        413,
        "Body too large",
        "The body is longer than the service takes (PARLEY_MAX_BODY; an import: PARLEY_MAX_IMPORT).",
    ),
    "unsupported-media-type": Kind(
        415,
        "Media type not supported",
        "Send application/json (PATCH: application/merge-patch+json, an import: application/x-ndjson), "
        "not compressed.",
    ),
    "invalid": Kind(
        422,
        "Not valid",
        "The document breaks the vocabulary, or a query parameter is unknown or has a wrong value. "
        "errors names each place: a JSON Pointer into the document, or the parameter.",
    ),
    "idempotency-key-reused": Kind(
        422,
        "Idempotency-Key of another request",
        "The key was used with another body, content type or query. A new request needs a new key.",
    ),
    "precondition-required": Kind(
        428,
        "If-Match is required",
        "The record exists. Say in If-Match which version the write replaces, by its ETag.",
    ),
    "too-many-requests": Kind(
        429,
        "Too many requests",
        "The limit of the token, or of the address, is reached (PARLEY_LIMIT_TOKEN, PARLEY_LIMIT_ADDRESS). "
        "Retry-After says in how many seconds there may be more.",
    ),
    "internal": Kind(500, "Internal error", "A fault of the service. Its log has the particulars."),
    "unavailable": Kind(
        503,
        "Store unavailable",
        "The database is locked, full, or gone. Nothing was written, unless detail says that it may have "
        "been. Retry after a moment, a POST with its Idempotency-Key.",
        retry=True,
    ),
}

_BY_STATUS = {kind.status: name for name, kind in reversed(KINDS.items())}
"""Where several have the same status, the first."""
_BY_ERROR: dict[type[errors.ParleyError], str] = {
    errors.Malformed: "malformed",
    errors.InvalidParameters: "invalid",
    errors.Invalid: "invalid",
    errors.NotFound: "not-found",
    errors.NotAcceptable: "not-acceptable",
    errors.Conflict: "conflict",
    errors.PreconditionFailed: "precondition-failed",
    errors.PreconditionRequired: "precondition-required",
    errors.KeyInUse: "idempotency-key-in-use",
    errors.KeyReused: "idempotency-key-reused",
    errors.Unauthenticated: "unauthenticated",
    errors.Forbidden: "forbidden",
    errors.TooManyRequests: "too-many-requests",
    errors.StoreUnavailable: "unavailable",
    errors.NotMigrated: "unavailable",
}


def install(app: Flask) -> None:
    """Answer every error of the app with a problem document."""
    app.register_error_handler(errors.Moved, _moved)
    app.register_error_handler(errors.ParleyError, refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _failed)


def problem(name: str, detail: str, status: int | None = None, **members: Any) -> Response:
    """A problem of one of the types of ``KINDS``, with further members."""
    kind = KINDS[name]
    body = {
        "type": f"/problems/{name}",
        "title": kind.title,
        "status": status or kind.status,
        "detail": detail,
        "instance": quote(request.path, safe="/:@!$&'()*+,;=~"),
        **members,
    }
    response = Response(orjson.dumps(body), body["status"], mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if kind.retry:
        response.headers["Retry-After"] = RETRY_AFTER
    if kind.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="parley"'
    return response


def _moved(error: errors.Moved) -> Response:
    """308 to the same question of the record that this one was merged into."""
    path = url_for(str(request.endpoint), **{**(request.view_args or {}), "id": error.new})
    query = request.query_string.decode("ascii", "replace")
    response = Response(status=308, headers={"Location": f"{path}?{query}" if query else path})
    del response.headers["Content-Type"]
    return response


def refused(error: errors.ParleyError) -> Response:
    """The problem that a refusal or failure of ours is."""
    name = next(_BY_ERROR[kind] for kind in type(error).__mro__ if kind in _BY_ERROR)
    members: dict[str, Any] = {}
    parameters = isinstance(error, errors.InvalidParameters)
    if error.faults:
        members["errors"] = [told(fault, "parameter" if parameters else "pointer") for fault in error.faults]
    if isinstance(error, errors.Conflict) and error.referrers:
        members["referrers"] = error.referrers
    current = getattr(error, "current", None)
    if current is not None:
        members["current"] = f'"{current}"'
    if KINDS[name].status >= 500:
        log.warning("%s on %s %s: %s", name, request.method, request.path, error.__cause__ or error.detail)
    response = problem(name, error.detail, **members)
    if isinstance(error, errors.TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    if current is not None:
        response.headers["ETag"] = f'"{current}"'
    return response


def told(fault: errors.Fault, place: str = "pointer") -> dict[str, Any]:
    """How an answer tells of a fault: where it is, on which line of a file, and what it is."""
    if not fault.place.startswith("line "):
        return {place: fault.place, "detail": fault.detail}
    line, _, pointer = fault.place.removeprefix("line ").partition("/")
    return {"line": int(line), "pointer": f"/{pointer}" if pointer else "", "detail": fault.detail}


def _http(error: HTTPException) -> Response:
    """What Flask and Werkzeug refuse by themselves: 404 and 405 of routing, 413, a malformed header."""
    status = error.code or 500
    response = problem(
        _BY_STATUS.get(status, "malformed" if status < 500 else "internal"), error.description or "", status
    )
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    if isinstance(error, RequestEntityTooLarge):
        # The rest of the body is not read: the connection cannot be used again.
        response.headers["Connection"] = "close"
    return response


def _failed(error: Exception) -> Response:
    log.error("unexpected %s on %s %s", type(error).__name__, request.method, request.path, exc_info=error)
    return problem("internal", "The service failed to answer; its log says why.")
