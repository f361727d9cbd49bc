"""The eight kinds of record: list, create, read, replace, patch, delete, and the revisions of each."""

from collections.abc import Iterator
from typing import Any

from flask import Response, current_app, g
from werkzeug.urls import iri_to_uri

from schemas import answers, queries
from schemas.documents import SCHEMAS
from schemas.vocabulary import KINDS
from service import questions, recording
from service.diplomacy.changes import ANY, Change
from service.diplomacy.faults import article
from service.errors import Conflict, Moved, NotFound, PreconditionFailed
from service.recording import Outcome
from service.web import bodies, consistency, preconditions
from service.web.hooks import current
from service.web.operations import (
    JSON,
    Arguments,
    Operation,
    page,
    paging,
    span,
    unless_unchanged,
)
from service.web.whole import Whole, json

READ, WRITTEN = ("not-found",), ("malformed", "too-large", "unsupported-media-type", "conflict")


def operations() -> Iterator[Operation]:
    """All operations on records, kind by kind."""
    for kind in KINDS:
        yield from _collection(kind, _path(kind))
        yield from _single(kind, f"{_path(kind)}/<id>")


def _path(kind: str) -> str:
    return f"/v1/{KINDS[kind].plural}"


def _collection(kind: str, path: str) -> Iterator[Operation]:
    common: dict[str, Any] = {"tag": KINDS[kind].plural, "fixed": {"kind": kind}}
    yield Operation(
        f"list-{KINDS[kind].plural}",
        "GET",
        path,
        listed,
        f"List {KINDS[kind].plural}",
        scope="read",
        query=queries.listing(kind),
        answers={200: answers.LISTS[kind]},
        problems=("malformed",),
        formats=JSON,
        **common,
    )
    yield Operation(
        f"create-{kind}",
        "POST",
        path,
        created,
        f"Create {article(kind)}",
        scope="write",
        query=queries.Nothing,
        bodies={bodies.JSON: SCHEMAS[kind]},
        answers={201: answers.RECORDS[kind]},
        problems=WRITTEN,
        description="Without an id in the document the service makes one (UUIDv7).",
        **common,
    )


def _single(kind: str, path: str) -> Iterator[Operation]:
    common: dict[str, Any] = {"tag": KINDS[kind].plural, "fixed": {"kind": kind}}
    known = {"scope": "read", "problems": READ, "formats": JSON, **common}
    write = {"scope": "write", "query": queries.Nothing, **common}
    guarded = ("not-found", "precondition-failed", "precondition-required")
    record = answers.RECORDS[kind]
    yield Operation(
        f"get-{kind}",
        "GET",
        path,
        got,
        f"Read {article(kind)}",
        query=queries.RecordQuery,
        answers={200: record},
        **known,
    )
    yield Operation(
        f"put-{kind}",
        "PUT",
        path,
        put,
        f"Create or replace {article(kind)}",
        bodies={bodies.JSON: SCHEMAS[kind]},
        answers={200: record, 201: record},
        problems=(*WRITTEN, *guarded[1:]),
        description="Replacing needs If-Match with the record's ETag; If-None-Match: * creates only.",
        **write,
    )
    yield Operation(
        f"patch-{kind}",
        "PATCH",
        path,
        patched,
        f"Amend {article(kind)}",
        bodies={bodies.MERGE_PATCH: answers.PATCHES[kind]},
        answers={200: record},
        problems=(*WRITTEN, *guarded),
        description="A JSON Merge Patch (RFC 7396). Needs If-Match with the record's ETag.",
        **write,
    )
    yield Operation(
        f"delete-{kind}",
        "DELETE",
        path,
        deleted,
        f"Delete {article(kind)}",
        answers={204: None},
        problems=("conflict", *guarded),
        description="Needs If-Match with the record's ETag. What is referred to cannot be deleted.",
        **write,
    )
    yield Operation(
        f"list-{kind}-revisions",
        "GET",
        f"{path}/revisions",
        past,
        f"The past of {article(kind)}",
        query=queries.PastQuery,
        answers={200: answers.RevisionPage},
        **{**known, "problems": (*READ, "malformed")},
    )
    yield Operation(
        f"get-{kind}-revision",
        "GET",
        f"{path}/revisions/<version>",
        one_revision,
        f"One revision of {article(kind)}",
        query=queries.Nothing,
        answers={200: answers.RevisionEntry},
        **known,
    )


def listed(arguments: Arguments, kind: str) -> Response:
    described = KINDS[kind]
    filters = {name: ids for name, ids in arguments.items() if isinstance(ids, list)}
    types = filters.pop(described.type, []) if described.type else []
    statuses = filters.pop("status", [])
    return unless_unchanged(
        lambda: page(questions.listing(kind, filters, types, statuses, span(arguments), paging(arguments)))
    )


def created(_: Arguments, kind: str) -> Response:
    document = _body(bodies.JSON)
    id = document.get("id") if isinstance(document.get("id"), str) else None
    try:
        (outcome,) = recording.write([Change(kind, id, document, spares=ANY)], g.author)
    except (PreconditionFailed, Moved) as error:
        raise Conflict(f"The id is taken: {error.detail}") from error
    return _written(outcome, 201)


def got(arguments: Arguments, kind: str, id: str) -> Response:
    found = questions.record(kind, id, span(arguments).known_at)
    g.state = found.state
    return Whole(found.body, headers=[("ETag", f'"{found.version}"')])


def put(_: Arguments, kind: str, id: str) -> Response:
    outcome = _write(kind, id, _body(bodies.JSON))
    return _written(outcome, 201 if outcome.action == "created" else 200)


def patched(_: Arguments, kind: str, id: str) -> Response:
    return _written(_write(kind, id, _body(bodies.MERGE_PATCH), patch=True), 200)


def deleted(_: Arguments, kind: str, id: str) -> Response:
    outcome = _write(kind, id, None)
    response = consistency.stamp(Response(status=204), outcome.revision)
    del response.headers["Content-Type"]
    return response


def _write(kind: str, id: str, document: dict[str, Any] | None, *, patch: bool = False) -> Outcome:
    """The record's next version, if the preconditions of the request hold."""
    replaces, spares = preconditions.replaced(), preconditions.spared()
    change = Change(kind, id, document, patch=patch, replaces=replaces, spares=spares)
    (outcome,) = recording.write([change], g.author)
    return outcome


def past(arguments: Arguments, kind: str, id: str) -> Response:
    known_at = span(arguments).known_at
    return unless_unchanged(lambda: page(questions.past(kind, id, paging(arguments), known_at)))


def one_revision(_: Arguments, kind: str, id: str, version: str) -> Response:
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise NotFound(f"There is no version {version!r} of {kind} {id!r}.")
    return unless_unchanged(lambda: json(questions.revision(kind, id, int(version))))


def _body(media_type: str) -> dict[str, Any]:
    return bodies.document(current(), media_type, current_app.config["PARLEY"].max_body)


def _written(outcome: Outcome, status: int) -> Response:
    headers = [("ETag", f'"{outcome.version}"'), (consistency.REVISION, str(outcome.revision))]
    if status == 201:
        # As url_for gives it, in a tenth of the time: nothing in an id needs quoting.
        root = current().root_path
        path = f"{_path(outcome.kind)}/{outcome.id}"
        headers.insert(1, ("Location", iri_to_uri(root) + path if root else path))
    return Whole(outcome.document, status, headers)
