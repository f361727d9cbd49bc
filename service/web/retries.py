"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a POST sent again is not done again."""

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import closing

from flask import Response, g, request

from service import retrying
from service.errors import Malformed
from service.storage.attempts import Answer, Attempt

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 255

# A string of RFC 9651, or the same without its quotes, as most callers send it. No comma in the latter: two
# headers of this name come as one, with a comma between them.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BARE = re.compile(r"[!#-+\--\[\]-~]+")


def key(environ: Mapping[str, str]) -> str | None:
    """The request's key, without quotes; None if it has none. Raises Malformed."""
    text = environ.get("HTTP_IDEMPOTENCY_KEY")
    if text is None:
        return None
    text = text.strip(" \t")
    quoted = _QUOTED.fullmatch(text)
    found = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text
    if not (quoted or _BARE.fullmatch(found)) or not 0 < len(found) <= LONGEST:
        raise Malformed(
            f"{HEADER} must be 1 to {LONGEST} characters of printable ASCII, best in double quotes."
        )
    return found


def once(key: str, body: bytes, act: Callable[[], Response]) -> Response:
    """The answer of ``act``, or the one that the same request with this key had before, byte for byte.

    ``body`` is the SHA-256 of the body, which has been read by now: who sends slowly keeps no writer waiting.
    """
    said = (request.headers.get("Content-Type", "").encode("latin-1"), request.query_string, body)
    attempt = Attempt(g.token, request.path, key, hashlib.sha256(b"\0".join(said)).digest())
    answer, replayed = retrying.once(attempt, lambda: _taken(act()))
    response = Response(answer.body, answer.status)
    response.headers.clear()
    response.headers.extend(answer.headers)
    if replayed:
        response.headers[REPLAYED] = "true"
    return response


def _taken(response: Response) -> Answer:
    # Its bytes are what is sent, so nobody else will close it; it may be read from a file.
    with closing(response):
        headers = [(name, value) for name, value in response.headers if name != "Content-Length"]
        return Answer(response.status_code, headers, response.get_data())
