"""JSON answers whose bytes are at hand, as most are: they go out as they are."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from flask import Response


class Whole(Response):
    """An answer of these bytes, with the headers that it is given and no others.

    Of any other answer Werkzeug goes over all headers once more as it starts: for one to be quoted, for a
    length that is missing, for a status that has no body. Those here are text that stands for itself, and the
    status is none of 204 and 304.
    """

    def __init__(self, body: bytes, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> None:
        described = ("Content-Type", "application/json"), ("Content-Length", str(len(body)))
        super().__init__(None, status, [*described, *headers])
        self.response = [body]

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(self.status, self.headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response  # type: ignore[return-value]


def json(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Whole(orjson.dumps(body), status)
