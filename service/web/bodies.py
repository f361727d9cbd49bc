"""Request bodies: read within a limit, however they are sent, and parsed without forgiveness."""

import hashlib
from typing import Any

from flask import Request, g
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from service.errors import Malformed
from service.ingest import notation

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
PIECE = 1 << 16


def document(request: Request, media_type: str, limit: int) -> dict[str, Any]:
    """The JSON object in the body.

    Raises Malformed for what is no JSON (also: NaN, a number too large, a name twice in an object, deep
    nesting, a byte-order mark, bytes that are not UTF-8) or no object; Werkzeug's exceptions for 413, 415.
    """
    if "Content-Encoding" in request.headers:  # "identity" has no place there: RFC 9110, section 8.4.1.
        raise UnsupportedMediaType("Bodies are taken uncompressed only, without Content-Encoding.")
    if request.mimetype != media_type or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise UnsupportedMediaType(f"The body must be {media_type} in UTF-8.")
    value = notation.parse(read(request, limit))
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


def digest(request: Request, limit: int) -> bytes:
    """SHA-256 of the body, which it reads to its end. Raises what ``read`` does."""
    return hashlib.sha256(read(request, limit)).digest()


def read(request: Request, limit: int) -> bytes:
    """The body's bytes, which come once and are had again.

    Raises RequestEntityTooLarge beyond ``limit``, Malformed if it breaks off.
    """
    if "body" not in g:
        g.body = _received(request, limit)
    body: bytes = g.body
    return body


def _received(request: Request, limit: int) -> bytes:
    length = request.content_length
    if length is not None and length > limit:
        raise RequestEntityTooLarge(f"The body is {length} bytes long; at most {limit} are taken.")
    if length is None and "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
        return b""
    # Not request.stream: of a chunked body beyond the limit it gives the beginning, as if that were all.
    stream = request.environ["wsgi.input"]
    pieces, left = [], limit + 1 if length is None else length
    try:
        while left > 0 and (piece := stream.read(min(left, PIECE))):
            pieces.append(piece)
            left -= len(piece)
    except (ParseException, OSError) as error:
        raise Malformed("The body broke off, or its chunks are none.") from error
    if length is None and left <= 0:
        raise RequestEntityTooLarge(f"The body is longer than the {limit} bytes that are taken.")
    if length is not None and left:
        raise Malformed(f"The body broke off {left} bytes before the end that Content-Length gives.")
    return b"".join(pieces)
