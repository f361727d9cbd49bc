"""How a route is declared: once, for Flask and for the API description alike."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
from flask import Flask, Request, Response, current_app, g, request
from marshmallow import Schema, ValidationError, fields
from webargs.fields import DelimitedList
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MIMEAccept

from schemas.queries import Query
from service import questions
from service.diplomacy import dates
from service.errors import Fault, InvalidParameters, NotAcceptable
from service.exports.files import Format, Write
from service.questions import Page, Paging, Span
from service.web import access, consistency, cursors, preconditions, retries
from service.web.bodies import digest
from service.web.hooks import current
from service.web.whole import json

Arguments = dict[str, Any]

RELEASE = version("parley")
JSON = {"json": "application/json"}
MOST_PARSED = 256
"""So many query strings, of 8 KiB at most, are known parsed."""


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
    bodies: Mapping[str, type[Schema] | None] = {}
    fixed: Mapping[str, Any] = {}
    """Arguments of the view that the path implies: the kind of record."""
    formats: Mapping[str, str] = {}
    """Media types by the name that ``format=`` takes; the first is given to who does not say."""
    description: str = ""
    fingerprint: Callable[[Request, int], bytes] = digest
    """Reads the body to its end, with this limit, and gives its SHA-256."""

    @property
    def retriable(self) -> bool:
        """Whether it takes an Idempotency-Key: a POST that writes. One that only reads needs none."""
        return self.method == "POST" and self.scope not in ("read", access.OPEN)


def parameters(operation: Operation) -> type[Schema]:
    """The operation's query, with ``format`` where the answer has one."""
    if not operation.formats:
        return operation.query
    return _with_format(operation.query, tuple(operation.formats))


@cache
def _with_format(query: type[Schema], names: tuple[str, ...]) -> type[Schema]:
    about = {"description": "Instead of Accept, for links and browsers.", "enum": list(names)}
    shape = {**query._declared_fields, "format": fields.String(metadata=about)}
    return Query.from_dict(shape, name=query.__name__)


def negotiate(formats: Mapping[str, str], asked: Request) -> str | None:
    """The name of the format to answer in: that of ``format=``, or the best that Accept takes.

    Raises NotAcceptable if the path gives none of what is asked for (RFC 9110, section 12.5.1).
    """
    if not formats:
        return None
    name = asked.args.get("format")
    if name is None:
        # Without the parameters of what is accepted (charset=utf-8): none changes what we answer.
        accepted = MIMEAccept([(kind.partition(";")[0].strip(), q) for kind, q in asked.accept_mimetypes])
        names = {media_type: name for name, media_type in formats.items()}
        name = names.get(accepted.best_match(list(names)) or "") if accepted else next(iter(formats))
    if name not in formats:
        given = ", ".join(f"{name} ({media_type})" for name, media_type in formats.items())
        raise NotAcceptable(f"This path answers in: {given}.")
    return name


def register(app: Flask, operation: Operation) -> None:
    """Add the operation's route: authorise, parse the query, call the view."""
    query, formats = parameters(operation), tuple(operation.formats.items())

    def endpoint(**path: Any) -> Response:
        asked = current()
        access.require(app.config, asked.environ, operation.scope)
        if operation.scope != access.OPEN:
            consistency.demand(asked.environ)
        format, arguments = _asked(query, formats, asked.query_string, asked.environ.get("HTTP_ACCEPT"))
        g.format, g.media_type = format, operation.formats.get(format or "")

        def act() -> Response:
            return operation.view(dict(arguments), **operation.fixed, **path)

        if operation.retriable and (key := retries.key(asked.environ)):
            body = operation.fingerprint(asked, app.config["PARLEY"].max_body)
            return retries.once(key, body, act)
        response = act()
        if operation.method == "GET":
            response.headers.add("Vary", "Authorization, Accept")
        return response

    app.add_url_rule(operation.path, operation.name, endpoint, methods=[operation.method])


@lru_cache(MOST_PARSED)
def _asked(
    query: type[Schema], formats: tuple[tuple[str, str], ...], string: bytes, accept: str | None
) -> tuple[str | None, Arguments]:
    """What a query string and an Accept header come to: the format, the arguments. Most are sent again."""
    accepted = {} if accept is None else {"HTTP_ACCEPT": accept}
    asked = Request({"QUERY_STRING": string.decode("latin-1"), **accepted})
    return negotiate(dict(formats), asked), _arguments(query, asked)


class _Strict(FlaskParser):
    # Every parameter must be one that the schema names; webargs ignores the others unless told.
    DEFAULT_UNKNOWN_BY_LOCATION = {"query": None}  # noqa: RUF012 -- as the library declares it

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        # Some generated clients repeat a list's parameter instead of separating its values by commas.
        return {name: ",".join(values) for name, values in req.args.lists()}

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> Any:
        raise error


_PARSER = _Strict()


def _flat(texts: Any) -> str:
    if isinstance(texts, dict):
        return "; ".join(f"entry {index}: {_flat(inner)}" for index, inner in texts.items())
    return "; ".join(map(str, texts))


@cache
def _instance(schema: type[Schema]) -> Schema:
    return schema()


def _arguments(schema: type[Schema], asked: Request) -> Arguments:
    """The query, parsed. Raises InvalidParameters, naming every parameter that is wrong."""
    arguments: Arguments = {}
    wrong = dict.fromkeys(_repeated(asked, schema), "stands twice, and takes one value")
    try:
        arguments = _PARSER.parse(_instance(schema), asked, location="query")
    except ValidationError as error:
        found = error.messages_dict.get("query", {})
        wrong = {name: _flat(texts) for name, texts in found.items()} | wrong
    for name, parse in _MOMENTS.items():
        try:
            if name in schema._declared_fields and name in asked.args:
                parse(asked.args[name])
        except dates.InvalidDate as error:
            # The commonest reason that a date which looks right in a command is none here.
            lost = " (a + in an address is a space: write %2B)" if " " in asked.args[name] else ""
            wrong.setdefault(name, f"{error}{lost}")
    if wrong:
        faults = [Fault(name, detail) for name, detail in sorted(wrong.items())]
        raise InvalidParameters("The query string is not valid.", faults)
    return arguments


def _repeated(asked: Request, schema: type[Schema]) -> list[str]:
    taken = schema._declared_fields
    return [
        name
        for name, values in asked.args.lists()
        if len(values) > 1 and not isinstance(taken.get(name), DelimitedList)
    ]


_MOMENTS: dict[str, Callable[[str], int]] = {
    "from": lambda text: dates.bounds(text).earliest,
    "to": lambda text: dates.bounds(text).latest,
    "as_of": lambda text: dates.bounds(text).latest,
    "known_at": dates.last_moment,
}


def span(arguments: Arguments) -> Span:
    """The part of the past that the query asks for."""
    moments = {name: parse(arguments[name]) for name, parse in _MOMENTS.items() if name in arguments}
    return Span(moments.get("from"), moments.get("to"), moments.get("as_of"), moments.get("known_at"))


def paging(arguments: Arguments) -> Paging:
    """The page that the query asks for. Raises Malformed for a cursor of another question."""
    settings = current_app.config["PARLEY"]
    cursor = arguments.get("cursor")
    after = cursors.read(current_app.config["CURSORS"], _question(), cursor) if cursor else None
    return Paging(arguments.get("limit", settings.page_limit), after)


def _question() -> str:
    """What makes a cursor's question the same: path and parameters, but for the page asked of it."""
    asked = sorted(
        (name, value) for name, value in request.args.items(multi=True) if name not in ("cursor", "limit")
    )
    return _digest(request.path, asked)


def _digest(*parts: Any) -> str:
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:16]


def page(answer: Page) -> Response:
    """A page with the address of the next one, in its body and as a Link header (RFC 8288)."""
    body: dict[str, Any] = {"items": answer.items, "next": None}
    if answer.included is not None:
        body["included"] = answer.included
    if answer.position is not None:
        cursor = cursors.write(current_app.config["CURSORS"], _question(), answer.position)
        body["next"] = following(cursor=cursor)
    return linked(json(body), body["next"])


def following(**changed: Any) -> str:
    """The address of the same question with these parameters in place of its own."""
    kept = ((name, value) for name, value in request.args.items(multi=True) if name not in changed)
    return f"{request.base_url}?{urlencode([*kept, *changed.items()])}"


def linked(response: Response, next: str | None) -> Response:
    """The answer, with the address of the page that follows it as a Link header (RFC 8288)."""
    if next:
        response.headers["Link"] = f'<{next}>; rel="next"'
    return response


def streamed(chunks: Iterator[bytes], media_type: str, filename: str) -> Response:
    """A file, sent as it is written. ``filename`` is ours or an id: nothing in it needs quoting."""
    response = Response(chunks, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def media_types(formats: Mapping[str, Format[Any]]) -> dict[str, str]:
    """The media type of each format, by the name that ``format=`` takes."""
    return {name: format.media_type for name, format in formats.items()}


def described(formats: Mapping[str, Format[Any]]) -> str:
    """What each format is for, as an operation's description has it."""
    return " ".join(f"`{name}`: {format.about}" for name, format in formats.items())


def written(format: Format[Write], write: Callable[[Write], Iterator[bytes]], name: str) -> Response:
    """What ``write`` writes in the format, as a file of that name and the format's extension."""
    return streamed(write(format.write), format.media_type, f"{name}.{format.extension}")


_PLACE = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")


def unless_unchanged(answer: Callable[[], Response], *, keep: bool = True) -> Response:
    """``answer()`` with its ETag; or that alone, where the caller has the answer and is told 304.

    It is kept for who asks the same again (``service.web.kept``), unless ``keep`` is false.
    """
    # The newest revision is the whole state of the store, so this tag is that of one answer of one release,
    # and who sends it has had that answer. Of a file that is sent as it is written, the state may be older
    # than the answer, which only costs the caller a request. The address alone does not say which answer it
    # is: what Accept chose stands in the tag too.
    with questions.at_once():
        state = questions.present()
        # As the caller has it: not where this service listens, one of several behind a proxy.
        address = [request.scheme, request.host, *map(request.environ.get, _PLACE)]
        tag = f"r{state.revision}-{_digest(RELEASE, address, g.media_type, state.hash.hex())}"
        response = Response() if preconditions.held(tag) else answer()
    response.set_etag(tag)
    if keep:
        g.state = state
    return response
