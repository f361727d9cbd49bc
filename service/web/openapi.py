"""The description of the service, OpenAPI 3.1, from the same declarations that make its routes."""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields
from webargs.fields import DelimitedList

from schemas import answers, examples
from schemas.vocabulary import ID_PATTERN, KINDS, SCOPES
from service.web import consistency, retries
from service.web.access import OPEN
from service.web.operations import Operation
from service.web.operations import parameters as described_query
from service.web.problems import KINDS as PROBLEMS
from service.web.problems import MEDIA_TYPE, Kind

INTRODUCTION = """\
Parley records who said what, who met whom, and where each party stands on each issue, as one graph of
actors, positions and talks, with the source of everything.

**Dates** are EDTF (ISO 8601-2) of level 0 or 1, or an RFC 3339 instant. Level 2 is refused: a date is never
guessed. Bounds in answers are calendar dates, both included, or instants; null where unknown or open.

**Time has two axes.** `as_of` asks how things stood on a date; `known_at` asks what this store knew then.

**Writes** need `Authorization: Bearer` with a token of scope `write`; replacing, amending and deleting need
`If-Match` with the record's ETag. A POST with an `Idempotency-Key` may be sent again and is done once.

**Limits** on requests are told in the headers `RateLimit` and `RateLimit-Policy`. Beyond them the answer
is 429.

**Pages** have `items` and `next`; follow `next` until it is null. **Errors** are problem documents
(RFC 9457).
"""

TAGS = {
    "positions": "Where actors stand, how that moved, and the evidence.",
    "timeline": "Talks, statements, proposals and events in date order.",
    "graph": "The whole, to be drawn in another tool.",
    "search": "Full text.",
    "bulk": "Many records at once, as newline-delimited JSON.",
    **{kind.plural: kind.about for kind in KINDS.values()},
    "changes": "What was recorded, in order.",
    "service": "The service itself.",
}
_EVERYWHERE = ("unauthenticated", "invalid", "malformed", "too-many-requests", "internal", "unavailable")
_OPEN = ("invalid", "malformed", "internal", "unavailable")
_TAG = '(W/)?"[!#-~]*"'
_TAGS = {"pattern": rf"^(\*|{_TAG}(, *{_TAG})*)?$", "examples": ['"1"']}
_PRECONDITIONS = {
    "GET": {
        "If-Match": "ETags: 412 if the answer is none of them.",
        "If-None-Match": "ETags: 304 if the answer is still one of them.",
    },
    "PUT": {
        "If-Match": "The ETag of the version that this replaces, or `*`.",
        "If-None-Match": "`*`: only if there is no such record yet. ETags: not if it is at one of them.",
    },
}
_RETRIES = (
    "A key of your choice, a UUID for one. For 24 hours the same request with it is given the same answer, "
    "and is not done again. 409 while the first is in progress, 422 for another request."
)
_KEY = {"pattern": rf'^("[ !#-\[\]-~]{{1,{retries.LONGEST}}}"|[!#-+\--\[\]-~]{{1,{retries.LONGEST}}})$'}
_PRECONDITIONS["PATCH"] = _PRECONDITIONS["DELETE"] = _PRECONDITIONS["PUT"]
_SEEN = (
    "What a write answered in its own: this read is answered from a state that has that revision, whichever "
    "database it is asked of. 412 if there is no such revision."
)
_PROBLEM_HEADERS = {
    "unauthenticated": {"WWW-Authenticate": "Bearer (RFC 6750)."},
    "unavailable": {"Retry-After": "Seconds."},
    "too-many-requests": {
        "Retry-After": "Seconds.",
        "RateLimit": "For each limit by name: r requests are left for t seconds.",
        "RateLimit-Policy": "The limits by name: q requests in w seconds.",
    },
}


def describe(operations: Iterable[Operation], version: str, public_read: bool) -> dict[str, Any]:
    """The OpenAPI document; ``public_read`` says whether reading needs no token."""
    marshmallow = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec(
        "Parley",
        version,
        "3.1.0",
        plugins=[marshmallow],
        info={"description": INTRODUCTION, "license": {"name": "MIT", "identifier": "MIT"}},
        tags=[{"name": name, "description": about} for name, about in TAGS.items()],
        webhooks={"changes": {"post": _webhook()}},
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    assert marshmallow.converter  # noqa: S101 -- the plugin has one once it is in a spec
    marshmallow.converter.add_parameter_attribute_function(_comma_separated)
    marshmallow.converter.add_attribute_function(_named)  # type: ignore[no-untyped-call]
    for schema in (*answers.RECORDS.values(), answers.Problem, answers.WebhookMessage):
        spec.components.schema(_name(schema), schema=schema)
    for name, kind in PROBLEMS.items():
        spec.components.response(_problem(name), _problem_answer(name, kind))
    for operation in operations:
        path = re.sub(r"<(\w+)>", r"{\1}", operation.path)
        spec.path(path, operations={operation.method.lower(): _operation(operation, public_read)})
    return spec.to_dict()


def _operation(operation: Operation, public_read: bool) -> dict[str, Any]:
    query = described_query(operation)
    parameters: list[Any] = [_path_parameter(name) for name in re.findall(r"<(\w+)>", operation.path)]
    if query._declared_fields:
        parameters.append({"in": "query", "schema": query})
    for name, about in _PRECONDITIONS.get(operation.method, {}).items():
        needed = name == "If-Match" and operation.method in ("PATCH", "DELETE")
        parameters.append(_header(name, about, _TAGS, needed))
    if operation.method == "GET" and operation.scope != OPEN:
        parameters.append(_header(consistency.REVISION, _SEEN, {"pattern": "^[0-9]{1,10}$"}))
    if operation.retriable:
        parameters.append(_header(retries.HEADER, _RETRIES, _KEY))
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": parameters,
        "responses": _answers(operation),
    }
    if operation.description:
        described["description"] = operation.description
    if operation.bodies:
        content = {name: _body(operation, name, schema) for name, schema in operation.bodies.items()}
        described["requestBody"] = {"required": True, "content": content}
    if operation.scope != OPEN:
        open_too: list[dict[str, list[str]]] = [{}] if operation.scope == "read" and public_read else []
        described["security"] = [*open_too, {"token": []}]
        described["x-scope"] = operation.scope
    return described


def _body(operation: Operation, media_type: str, schema: Any) -> dict[str, Any]:
    """What is sent, with an example: a page would show one made of the patterns of ids and texts."""
    if schema is None:
        return {"schema": _file(media_type)}
    whole = operation.method != "PATCH"
    return {
        "schema": schema,
        "example": examples.EXAMPLES[operation.fixed["kind"]] if whole else examples.PATCH,
    }


def _webhook() -> dict[str, Any]:
    """What is sent to those who were added by ``parley webhook add``."""
    signed = {
        "webhook-id": "Names the message, however often it is sent.",
        "webhook-timestamp": "When it was sent, in seconds since 1970.",
        "webhook-signature": "`v1,` and the HMAC-SHA256 of id, timestamp and body, with dots between them.",
    }
    message = {"$ref": "#/components/schemas/WebhookMessage"}
    return {
        "operationId": "webhook-changes",
        "summary": "A change, sent by `parley deliver` to each webhook, in order, until it is taken",
        "tags": ["changes"],
        "parameters": [_header(name, about, required=True) for name, about in signed.items()],
        "requestBody": {"required": True, "content": {"application/json": {"schema": message}}},
        "responses": {
            "2XX": {"description": "Taken."},
            "410": {"description": "Nothing more is wanted: nothing more is sent."},
            "default": {"description": "Not taken, redirects too: it is sent again, at growing intervals."},
        },
    }


def _answers(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, schema in operation.answers.items():
        answer: dict[str, Any] = {"description": {200: "OK", 201: "Created", 204: "Deleted"}[status]}
        content: dict[str, Any] = {name: {"schema": _file(name)} for name in operation.formats.values()}
        if schema is not None:
            content["application/json"] = {"schema": schema}
        if content:
            answer["content"] = content
            answer["headers"] = {"ETag": _answer_header("The version of the answer.")}
        if status == 201:
            answer["headers"]["Location"] = _answer_header("The record's path.")
        if schema in answers.RECORDS.values():
            answer["links"] = _links(operation.fixed["kind"])
        if operation.retriable:
            told = _answer_header("`true`: this is the answer that the first request with the key had.")
            answer.setdefault("headers", {})[retries.REPLAYED] = told
        found[str(status)] = answer
    if operation.method == "GET":
        headers = {"ETag": _answer_header("The version of the answer.")}
        found["304"] = {"description": "If-None-Match names the answer that there is.", "headers": headers}
    if "<id>" in operation.path:
        found["308"] = {
            "description": "The record was merged: the same question of the one that it became.",
            "headers": {"Location": _answer_header("Where to ask.")},
        }
    # What the server refuses before the service sees it: a request line, or a header, that is too long.
    early = {status: {"$ref": f"#/components/responses/{_problem('malformed')}"} for status in ("414", "431")}
    return {**found, **_refusals(operation), **early}


def _links(kind: str) -> dict[str, Any]:
    """What can be asked of a record that an answer holds, and with which version."""
    named = {"id": "$response.body#/id"}
    versioned = {**named, "If-Match": "$response.header.ETag"}
    reads, writes = (f"get-{kind}", f"list-{kind}-revisions"), ("put", "patch", "delete")
    return {name: {"operationId": name, "parameters": named} for name in reads} | {
        f"{method}-{kind}": {"operationId": f"{method}-{kind}", "parameters": versioned} for method in writes
    }


def _refusals(operation: Operation) -> dict[str, Any]:
    names = {*(_EVERYWHERE if operation.scope != OPEN else _OPEN), *operation.problems}
    if operation.scope not in (OPEN, SCOPES[0]):
        names.add("forbidden")
    if operation.formats:
        names.add("not-acceptable")
    if operation.method == "GET":
        names.add("precondition-failed")
    if operation.retriable:
        names |= {"idempotency-key-in-use", "idempotency-key-reused"}
    ordered = sorted(
        (PROBLEMS[name].status, number, name) for number, name in enumerate(PROBLEMS) if name in names
    )
    by_status = groupby(ordered, key=lambda found: found[0])
    return {str(status): _one_of([name for _, _, name in found]) for status, found in by_status}


def _one_of(names: list[str]) -> dict[str, Any]:
    """The answer of a status that several types of problem may have."""
    if len(names) == 1:
        return {"$ref": f"#/components/responses/{_problem(names[0])}"}
    told = " ".join(f"{PROBLEMS[name].title}: {PROBLEMS[name].about}" for name in names)
    return {"description": told, "content": {MEDIA_TYPE: {"schema": "Problem"}}}


def _file(media_type: str) -> dict[str, str]:
    """What is known here of a file: that it is an object, or a text. Its format has its own description."""
    return {"type": "object" if media_type.endswith(("/json", "+json")) else "string"}


def _comma_separated(_: Any, field: Any, **__: Any) -> dict[str, Any]:
    """The lists of our queries are one parameter, ``a,b``; apispec would have it repeated."""
    if not isinstance(field, DelimitedList):
        return {}
    return {"explode": False, "style": "form"}


def _named(_: Any, field: Any, **__: Any) -> dict[str, Any]:
    """What the names of a free object's members may be, which apispec leaves out."""
    if not isinstance(field, fields.Dict) or field.key_field is None:
        return {}
    return {"propertyNames": {"pattern": field.key_field.metadata["pattern"]}}


def _path_parameter(name: str) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "string", "pattern": f"^{ID_PATTERN}$"}
    if name == "version":
        shape = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
    return {"in": "path", "name": name, "required": True, "schema": shape}


def _header(name: str, description: str, shape: Any = None, required: bool = False) -> dict[str, Any]:
    described = {"in": "header", "name": name, "description": description, "required": required}
    return {**described, "schema": {"type": "string", **(shape or {})}}


def _answer_header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _problem(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _problem_answer(name: str, kind: Kind) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": f"{kind.title}. {kind.about}",
        "content": {MEDIA_TYPE: {"schema": "Problem"}},
    }
    if name in _PROBLEM_HEADERS:
        headers = _PROBLEM_HEADERS[name]
        answer["headers"] = {header: _answer_header(about) for header, about in headers.items()}
    return answer


def _name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__ if issubclass(kind, Schema) else str(schema)
