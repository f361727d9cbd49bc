"""The shapes of answers, for the API description: what design.md calls "Shapes"."""

from copy import copy
from functools import cache
from typing import Any

from marshmallow import Schema, fields, missing

from schemas import vocabulary as words
from schemas.documents import SCHEMAS
from schemas.fields import Id, Kind, Number, Whole


def _bound(which: str) -> fields.String:
    return fields.String(
        required=True,
        allow_none=True,
        metadata={"description": f"The {which} bound of the date, null where it is unknown or open."},
    )


def _word(allowed: tuple[str, ...], **kwargs: Any) -> fields.String:
    return fields.String(metadata={"enum": list(allowed)}, **kwargs)


class Change(Schema):
    type = _word(("initial", "reaffirmed", "shifted", "reversed"), required=True)
    delta = Whole(required=True, allow_none=True)
    previous = Id(required=True, allow_none=True, metadata={"description": "The statement before it."})


class HistoryEntry(Schema):
    issue = Id(required=True)
    holder = Id(required=True)
    claimed_by = Id(metadata={"description": "Who says so, where it is not the holder."})
    stance = Whole(required=True)
    label = fields.String(required=True, metadata={"description": "What the issue's scale calls the stance."})
    date = fields.String(required=True)
    earliest = _bound("earliest")
    latest = _bound("latest")
    firmness = _word(words.FIRMNESS)
    conditions = fields.String()
    salience = Whole(0, 100)
    change = fields.Nested(Change, required=True)
    statement = fields.Nested("StatementRecord", required=True)


class TimelineEntry(Schema):
    date = fields.String(required=True, allow_none=True)
    earliest = _bound("earliest")
    latest = _bound("latest")
    kind = _word(words.ON_THE_TIMELINE, required=True)
    title = fields.String(required=True)
    record = fields.Raw(required=True, metadata={"type": "object", "description": "The record itself."})


class SearchHit(Schema):
    id = Id(required=True)
    kind = _word(tuple(words.KINDS), required=True)
    label = fields.String(required=True)
    score = Number(
        required=True,
        metadata={"description": "How much of its name the words are: 1 for all, 0 if it is not called so."},
    )
    snippet = fields.String(required=True)


class RevisionEntry(Schema):
    revision = Whole(1, required=True, metadata={"description": "Its number in the whole store."})
    version = Whole(1, required=True)
    action = _word(words.ACTIONS, required=True)
    recorded_at = fields.String(required=True, metadata={"format": "date-time"})
    recorded_by = fields.String(required=True, metadata={"description": "The name of the token or command."})
    hash = fields.String(required=True, metadata={"description": "SHA-256, chained to the revision before."})
    record = fields.Raw(
        required=True, metadata={"type": "object", "description": "The document as accepted."}
    )


class ChangeEntry(RevisionEntry):
    id = Id(required=True)
    kind = _word(tuple(words.KINDS), required=True)


class WebhookMessage(Schema):
    """What a webhook is sent (Standard Webhooks 1.0.0)."""

    type = _word(tuple(f"record.{action}" for action in words.ACTIONS), required=True)
    timestamp = fields.String(required=True, metadata={"format": "date-time"})
    data = fields.Nested(ChangeEntry, required=True)


class Fault(Schema):
    line = Whole(1, metadata={"description": "Line of the file, where there are many documents."})
    pointer = fields.String(metadata={"description": "JSON Pointer into the document (RFC 6901)."})
    parameter = fields.String(metadata={"description": "Name of the query parameter."})
    detail = fields.String(required=True)


class Referrer(Schema):
    id = Id(required=True)
    kind = _word(tuple(words.KINDS))
    relation = _word(tuple(words.RELATIONS))
    label = fields.String()
    stance = fields.String()


class Problem(Schema):
    """RFC 9457."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = Whole(400, 599, required=True)
    detail = fields.String(required=True)
    instance = fields.String(metadata={"format": "uri-reference"})
    errors = fields.List(fields.Nested(Fault))
    referrers = fields.List(fields.Nested(Referrer))
    current = fields.String(metadata={"description": "The current ETag of the record."})


class ImportLine(Schema):
    """What became of one line. Of one that is no document, neither id nor kind is known."""

    line = Whole(1, required=True)
    outcome = _word(("created", "amended", "unchanged", "merged", "refused"), required=True)
    id = fields.String()
    kind = fields.String()
    version = Whole(1)
    errors = fields.List(fields.Nested(Fault))


class ImportReport(Schema):
    created = Whole(0, required=True)
    amended = Whole(0, required=True)
    unchanged = Whole(0, required=True, metadata={"description": "What the store held already, just so."})
    refused = Whole(0, required=True, metadata={"description": "Lines left out; 0 where `atomic` is true."})
    revision = Whole(0, required=True, metadata={"description": "The newest revision after it."})
    dry_run = fields.Boolean(required=True, metadata={"description": "True: this is what would have been."})
    lines = fields.List(
        fields.Nested(ImportLine), metadata={"description": "With `atomic=false`: each line, in order."}
    )


class Health(Schema):
    status = _word(("ok",), required=True)


class HealthWarning(Schema):
    name = fields.String(required=True)
    detail = fields.String(required=True)


class Readiness(Health):
    warnings = fields.List(
        fields.Nested(HealthWarning),
        required=True,
        metadata={"description": "What endangers the database although it answers, as parley doctor has it."},
    )


def recorded(kind: str) -> type[Schema]:
    """A kind's schema as the service answers it: with what the service gives."""
    given = {
        "id": Id(required=True),
        "kind": Kind(kind, required=True),
        "version": Whole(1, required=True),
        "recorded_at": fields.String(required=True, metadata={"format": "date-time"}),
    }
    return type(f"{kind.capitalize()}Record", (SCHEMAS[kind],), given)


@cache
def patch(schema: type[Schema]) -> type[Schema]:
    """What may be sent to amend a document: a JSON Merge Patch (RFC 7396); null takes a field away."""
    shape = {name: _amended(field) for name, field in schema._declared_fields.items()}
    return type(f"{schema.__name__}Patch", (Schema,), shape)


def _amended(field: fields.Field[Any]) -> fields.Field[Any]:
    if isinstance(field, fields.Nested):
        return fields.Nested(
            patch(type(field.schema)), allow_none=not field.required, metadata=field.metadata
        )
    amended = copy(field)
    amended.required, amended.allow_none, amended.load_default = False, not field.required, missing
    return amended


RECORDS = {kind: recorded(kind) for kind in words.KINDS}


PATCHES = {kind: patch(SCHEMAS[kind]) for kind in words.KINDS}


def page(
    entry: type[Schema] | str, name: str, included: bool = False, **members: fields.Field[Any]
) -> type[Schema]:
    """A page of entries, with further members."""
    shape: dict[str, fields.Field[Any]] = {
        "items": fields.List(fields.Nested(entry), required=True),
        "next": fields.String(
            required=True,
            allow_none=True,
            metadata={"format": "uri", "description": "Address of the next page, null on the last."},
        ),
    }
    if included:
        shape["included"] = fields.Dict(
            required=True,
            metadata={
                "description": "Sources, actors and issues that the entries refer to, each once, by id."
            },
        )
    return Schema.from_dict({**shape, **members}, name=name)


HistoryPage = page(HistoryEntry, "HistoryPage", included=True)
TimelinePage = page(TimelineEntry, "TimelinePage", included=True)
SearchPage = page(SearchHit, "SearchPage")
RevisionPage = page(RevisionEntry, "RevisionPage")
ChangesPage = page(
    ChangeEntry,
    "ChangesPage",
    last=Whole(0, required=True, metadata={"description": "The revision to resume after."}),
)
LISTS = {kind: page(RECORDS[kind], f"{kind.capitalize()}Page") for kind in words.KINDS}
