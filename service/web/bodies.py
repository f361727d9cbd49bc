"""Request bodies: read within a limit, however they are sent, and parsed without forgiveness."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

from flask import Request, g
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.http import parse_options_header

from service.errors import Malformed, StoreUnavailable
from service.ingest import notation

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
PIECE = 1 << 16
MOST_TYPES = 64
"""So many values of Content-Type, of 8 KiB at most, are known parsed."""


class Spooled(NamedTuple):
    """A body that has come whole: a file, at its beginning, and the SHA-256 of its bytes."""

    file: IO[bytes]
    sha256: bytes


def document(request: Request, media_type: str, limit: int) -> dict[str, Any]:
    """The JSON object in the body.

    Raises Malformed for what is no JSON (also: NaN, a number too large, a name twice in an object, deep
    nesting, a byte-order mark, bytes that are not UTF-8) or no object; Werkzeug's exceptions for 413, 415.
    """
    _expect(request, media_type)
    value = notation.parse(read(request, limit))
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


def digest(request: Request, limit: int) -> bytes:
    """SHA-256 of the body, which it reads to its end. Raises what ``read`` does."""
    return hashlib.sha256(read(request, limit)).digest()


def spooled(request: Request, media_type: str, limit: int, folder: Path) -> Spooled:
    """The body in a file of its own in ``folder``: it may be larger than memory. Read once a request.

    Raises as ``read`` does, Werkzeug's exception for 415, and StoreUnavailable if there is no room.
    """
    if "spooled" not in g:
        _expect(request, media_type)
        digest = hashlib.sha256()
        try:
            file = TemporaryFile(dir=folder)  # noqa: SIM115 -- open as long as the request is
            g.spooled = Spooled(file, b"")
            for piece in _pieces(request, limit):
                digest.update(piece)
                file.write(piece)
        except OSError as error:
            raise StoreUnavailable("There is no room for the body.") from error
        g.spooled = Spooled(file, digest.digest())
    found: Spooled = g.spooled
    found.file.seek(0)
    return found


def close(_: BaseException | None) -> None:
    """Let go of the request's file, when it has been answered."""
    if spooled := g.pop("spooled", None):
        spooled.file.close()


def _expect(request: Request, media_type: str) -> None:
    if "HTTP_CONTENT_ENCODING" in request.environ:  # "identity" has no place there: RFC 9110, section 8.4.1.
        raise UnsupportedMediaType("Bodies are taken uncompressed only, without Content-Encoding.")
    if not _is(request.environ.get("CONTENT_TYPE", ""), media_type):
        raise UnsupportedMediaType(f"The body must be {media_type} in UTF-8.")


@lru_cache(MOST_TYPES)
def _is(content_type: str, media_type: str) -> bool:
    kind, options = parse_options_header(content_type)
    return kind.lower() == media_type and options.get("charset", "utf-8").lower() == "utf-8"


def read(request: Request, limit: int) -> bytes:
    """The body's bytes, which come once and are had again.

    Raises RequestEntityTooLarge beyond ``limit``, Malformed if it breaks off.
    """
    body: bytes | None = g.get("body")
    if body is None:
        body = g.body = b"".join(_pieces(request, limit))
    return body


def _pieces(request: Request, limit: int) -> Iterator[bytes]:
    """The body as it comes, in pieces. Only at the end of them it is certain that it came whole."""
    length = request.content_length
    if length is not None and length > limit:
        raise RequestEntityTooLarge(f"The body is {length} bytes long; at most {limit} are taken.")
    if length is None and "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
        return
    # Not request.stream: of a chunked body beyond the limit it gives the beginning, as if that were all.
    stream = request.environ["wsgi.input"]
    left = limit + 1 if length is None else length
    while left > 0:
        try:
            piece = stream.read(min(left, PIECE))
        except (ParseException, OSError) as error:
            raise Malformed("The body broke off, or its chunks are none.") from error
        if not piece:
            break
        left -= len(piece)
        yield piece
    if length is None and left <= 0:
        raise RequestEntityTooLarge(f"The body is longer than the {limit} bytes that are taken.")
    if length is not None and left:
        raise Malformed(f"The body broke off {left} bytes before the end that Content-Length gives.")
