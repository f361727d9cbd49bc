"""How a route is declared: once, for Flask and for the API description alike."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
from flask import Flask, Request, Response, current_app, request
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser

from service import questions
from service.diplomacy import dates
from service.errors import Fault, InvalidParameters
from service.questions import Page, Paging, Span
from service.web import access, cursors

Arguments = dict[str, Any]


class Operation(NamedTuple):
    """A method on a path: who may call it, what it takes, what it answers."""

    name: str
    method: str
    path: str
    view: Callable[..., Response]
    summary: str
    tag: str
    scope: str
    query: type[Schema]
    answers: Mapping[int, type[Schema] | None]
    problems: tuple[str, ...] = ()
    bodies: Mapping[str, type[Schema]] = {}
    fixed: Mapping[str, Any] = {}
    """Arguments of the view that the path implies: the kind of record."""
    description: str = ""


def register(app: Flask, operation: Operation) -> None:
    """Add the operation's route: authorise, parse the query, call the view."""

    def endpoint(**path: Any) -> Response:
        access.require(request, operation.scope)
        arguments = _arguments(operation.query, request)
        return operation.view(arguments, **operation.fixed, **path)

    app.add_url_rule(operation.path, operation.name, endpoint, methods=[operation.method])


class _Strict(FlaskParser):
    # Every parameter must be one that the schema names; webargs ignores the others unless told.
    DEFAULT_UNKNOWN_BY_LOCATION = {"query": None}  # noqa: RUF012 -- as the library declares it

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> Any:
        messages = error.messages.get("query", {}) if isinstance(error.messages, dict) else {}
        raise InvalidParameters(
            "The query string is not valid.",
            [Fault(str(name), _flat(texts)) for name, texts in sorted(messages.items())],
        )


_PARSER = _Strict()


def _flat(texts: Any) -> str:
    if isinstance(texts, dict):
        return "; ".join(f"entry {index}: {_flat(inner)}" for index, inner in texts.items())
    return "; ".join(map(str, texts))


@cache
def _instance(schema: type[Schema]) -> Schema:
    return schema()


def _arguments(schema: type[Schema], asked: Request) -> Arguments:
    twice = [name for name, values in asked.args.lists() if len(values) > 1]
    if twice:
        raise InvalidParameters(
            "The query string is not valid.",
            [Fault(name, "stands twice: separate several values by commas") for name in sorted(twice)],
        )
    arguments: Arguments = _PARSER.parse(_instance(schema), asked, location="query")
    return arguments


def span(arguments: Arguments) -> Span:
    """The part of the past that the query asks for. Raises InvalidParameters for what is no date."""
    wrong: list[Fault] = []

    def read(name: str, parse: Callable[[str], int]) -> int | None:
        if (text := arguments.get(name)) is None:
            return None
        try:
            return parse(text)
        except dates.InvalidDate as error:
            wrong.append(Fault(name, str(error)))
            return None

    found = Span(
        read("from", lambda text: dates.bounds(text).earliest),
        read("to", lambda text: dates.bounds(text).latest),
        read("as_of", lambda text: dates.bounds(text).latest),
        read("known_at", dates.last_moment),
    )
    if wrong:
        raise InvalidParameters("The query string is not valid.", wrong)
    return found


def paging(arguments: Arguments) -> Paging:
    """The page that the query asks for. Raises Malformed for a cursor of another question."""
    settings = current_app.config["PARLEY"]
    cursor = arguments.get("cursor")
    after = cursors.read(current_app.config["CURSORS"], _question(), cursor) if cursor else None
    return Paging(arguments.get("limit", settings.page_limit), after)


def _question() -> str:
    """What makes a cursor's question the same: path and parameters, but for the page asked of it."""
    asked = sorted((name, value) for name, value in request.args.items() if name not in ("cursor", "limit"))
    return hashlib.sha256(orjson.dumps([request.path, asked])).hexdigest()[:16]


def page(answer: Page) -> Response:
    """A page with the address of the next one, in its body and as a Link header (RFC 8288)."""
    body: dict[str, Any] = {"items": answer.items, "next": None}
    if answer.included is not None:
        body["included"] = answer.included
    link = None
    if answer.position is not None:
        cursor = cursors.write(current_app.config["CURSORS"], _question(), answer.position)
        query = urlencode([*((k, v) for k, v in request.args.items() if k != "cursor"), ("cursor", cursor)])
        body["next"] = f"{request.base_url}?{query}"
        link = f'<{body["next"]}>; rel="next"'
    response = json(body)
    if link:
        response.headers["Link"] = link
    return response


def json(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status, mimetype="application/json")


def unless_unchanged(answer: Callable[[], Response]) -> Response:
    """``answer()``, or 304 if the store is as it was when the caller last asked (RFC 9110, 13.1.2)."""
    # The number of the newest revision is the whole state of the store. It is read first: should a write
    # come between, the tag is older than the answer, and only costs the caller a request.
    tag = f"r{questions.state()}"
    if request.if_none_match.contains(tag) or "*" in request.headers.get("If-None-Match", ""):
        response = Response(status=304)
    else:
        response = answer()
    response.set_etag(tag)
    return tagged(response)


def tagged(response: Response) -> Response:
    """The headers that every answer with an ETag has: ask again each time, and mind who asks."""
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Authorization, Accept"
    return response
