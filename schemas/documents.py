"""The eight kinds of record, as callers write them: one marshmallow schema each.

The schemas hold a document's shape. What its words mean (that a date is a date, that a reference
resolves, that a stance is on its issue's scale) is held by ``service.recording``.
"""

from collections.abc import Iterator
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from schemas import plain
from schemas import vocabulary as words
from schemas.fields import (
    LONGEST_LIST,
    Country,
    Date,
    Id,
    Kind,
    Language,
    Line,
    ManyOf,
    Matching,
    Number,
    Term,
    Text,
    Web,
    Whole,
)


class Strict(Schema):
    """Every part of a document: unknown fields are errors."""

    error_messages = {"unknown": "is not a field here", "type": "must be an object"}

    class Meta:
        unknown = RAISE


class Citation(Strict):
    source = Id(required=True)
    locator = Line(metadata={"description": "Where in the source: a page, a paragraph, a time."})
    credibility = Whole(1, 6, metadata={"description": "Admiralty code, 1 confirmed to 6 cannot be judged."})


class Place(Strict):
    name = Line(required=True)
    country = Country()
    lat = Number(-90, 90)
    lon = Number(-180, 180)


class Name(Strict):
    text = Line(required=True)
    language = Language()
    script = Matching(r"[A-Z][a-z]{3}", "must be an ISO 15924 code, such as Cyrl")


class Membership(Strict):
    organization = Id(required=True)
    post = Line(metadata={"description": "The office held."})

    class Meta(Strict.Meta):
        include = {"from": Date(), "until": Date()}  # "from" is a Python keyword


class Record(Strict):
    """What every kind has. ``id``, ``version`` and ``recorded_at`` are the service's to give."""

    id = Id(metadata={"description": "Chosen by the caller, or a UUIDv7."})
    version = Whole(1, metadata={"description": "On a write: the version it replaces, if sent."})
    recorded_at = Line(metadata={"readOnly": True, "format": "date-time"})
    notes = Text()
    tags = ManyOf(Line(longest=100))


def _few(members: dict[str, str]) -> None:
    # As many as a list may have. A patch replaces a list whole; to these it adds, one body after another.
    if len(members) > LONGEST_LIST:
        raise ValidationError(f"must hold at most {LONGEST_LIST} entries")


class Actor(Record):
    kind = Kind("actor")
    type = Term(words.ACTOR_TYPES, required=True)
    name = Line(required=True)
    names = ManyOf(fields.Nested(Name))
    country = Country()
    memberships = ManyOf(fields.Nested(Membership))
    identifiers = fields.Dict(
        keys=Matching(r"[a-z][a-z0-9_-]{0,39}", "is not a scheme's name"),
        values=Line(longest=200),
        validate=_few,
        metadata={"maxProperties": LONGEST_LIST, "examples": [{"wikidata": "Q3874799"}]},
    )


class Source(Record):
    kind = Kind("source")
    type = Term(words.SOURCE_TYPES, required=True)
    title = Line(required=True)
    publisher = Line()
    author = Line()
    url = Web()
    archive_url = Web()
    language = Language()
    published = Date()
    accessed = Date()
    reliability = Term(words.RELIABILITIES)


class ScalePoint(Strict):
    value = Whole(-100, 100, required=True)
    label = Line(required=True, longest=100)


class Issue(Record):
    kind = Kind("issue")
    title = Line(required=True)
    proposition = Text(required=True, metadata={"description": "What a high stance accepts."})
    scale = ManyOf(
        fields.Nested(ScalePoint),
        least=2,
        load_default=lambda: [{"value": value, "label": label} for value, label in words.DEFAULT_SCALE],
        metadata={"description": "In ascending order of value."},
    )
    parent = Id()


class Track(Record):
    kind = Kind("track")
    title = Line(required=True)
    type = Term(words.TRACK_TYPES, required=True)
    began = Date()
    ended = Date()
    parent = Id()


class Participant(Strict):
    actor = Id(required=True)
    role = Term(words.TALK_ROLES, required=True)
    on_behalf_of = Id()


class Outcome(Strict):
    result = Term(words.TALK_RESULTS, required=True)
    summary = Text()


class Talk(Record):
    kind = Kind("talk")
    title = Line(required=True)
    mode = Term(words.TALK_MODES, required=True)
    status = Term(words.TALK_STATUSES, required=True)
    held = Date(required=True)
    place = fields.Nested(Place)
    track = Id()
    round = Whole(1, 100_000)
    follows = Id()
    participants = ManyOf(fields.Nested(Participant), required=True)
    agenda = ManyOf(Id())
    outcome = fields.Nested(Outcome)
    sources = ManyOf(fields.Nested(Citation), least=1, required=True)


class Position(Strict):
    issue = Id(required=True)
    stance = Whole(-100, 100, required=True, metadata={"description": "A value of the issue's scale."})
    holder = Id(metadata={"description": "Default: the speaker. Another actor: an attributed position."})
    firmness = Term(words.FIRMNESS)
    conditions = Text()
    salience = Whole(0, 100)


class StatementRelation(Strict):
    type = Term(words.STATEMENT_RELATIONS, required=True)
    statement = Id(required=True)


class Statement(Record):
    kind = Kind("statement")
    speaker = Id(required=True)
    text = Text(required=True)
    directness = Term(words.DIRECTNESS, required=True)
    cue = Line(metadata={"description": "The reporting verb or phrase: said, denied, urged."})
    language = Language()
    translation = Text()
    made = Date(required=True)
    channel = Term(words.CHANNELS)
    on_behalf_of = Id()
    addressed_to = ManyOf(Id())
    talk = Id()
    track = Id()
    issues = ManyOf(Id())
    positions = ManyOf(fields.Nested(Position))
    relations = ManyOf(fields.Nested(StatementRelation))
    status = Term(words.STATEMENT_STATUSES, required=True)
    sources = ManyOf(fields.Nested(Citation), least=1, required=True)


class Clause(Strict):
    key = Line(required=True, longest=100)
    issue = Id(required=True)
    stance = Whole(-100, 100, required=True, metadata={"description": "A value of the issue's scale."})
    text = Text()


class Proposal(Record):
    kind = Kind("proposal")
    title = Line(required=True)
    status = Term(words.PROPOSAL_STATUSES, required=True)
    tabled = Date()
    sponsors = ManyOf(Id())
    track = Id()
    talk = Id()
    supersedes = Id()
    clauses = ManyOf(fields.Nested(Clause), required=True)
    sources = ManyOf(fields.Nested(Citation), least=1, required=True)


class EventActor(Strict):
    actor = Id(required=True)
    role = Line(required=True, longest=100)


class Figure(Strict):
    label = Line(required=True)
    value = Number(required=True)
    unit = Line(longest=100)
    bound = Term(words.FIGURE_BOUNDS)
    attributed_to = Id()


class Event(Record):
    kind = Kind("event")
    type = Term(words.EVENT_TYPES, required=True)
    title = Line(required=True)
    occurred = Date(required=True)
    place = fields.Nested(Place)
    actors = ManyOf(fields.Nested(EventActor))
    tracks = ManyOf(Id())
    figures = ManyOf(fields.Nested(Figure))
    sources = ManyOf(fields.Nested(Citation), least=1, required=True)


SCHEMAS: dict[str, type[Record]] = {
    "actor": Actor,
    "source": Source,
    "issue": Issue,
    "track": Track,
    "talk": Talk,
    "statement": Statement,
    "proposal": Proposal,
    "event": Event,
}
_SCHEMAS: dict[str, Record] = {kind: schema() for kind, schema in SCHEMAS.items()}
_PLAIN = {kind: plain.loader(schema) for kind, schema in _SCHEMAS.items()}


def load(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    """The document as it is kept: checked, normalised, in the schema's order of fields.

    Raises marshmallow's ValidationError, whose messages follow the document's structure.
    """
    try:
        loaded = _PLAIN[kind](document)
    except ValidationError:
        loaded = _SCHEMAS[kind].load(document)
    # A reader looks for what the record says first, for what was noted about it last.
    return loaded | {name: loaded.pop(name) for name in ("notes", "tags") if name in loaded}


def check(kind: str, document: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The document as ``load`` gives it, and all that is wrong with its shape: JSON Pointer and why."""
    try:
        return load(kind, document), []
    except ValidationError as error:
        return {}, list(_flat(error.messages, ""))


def _flat(messages: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            if name == "_schema":
                yield from _flat(inner, pointer)
            elif isinstance(inner, dict) and set(inner) <= {"key", "value"} and pointer == "/identifiers":
                yield from _flat([text for texts in inner.values() for text in texts], _step(pointer, name))
            else:
                yield from _flat(inner, _step(pointer, name))
    else:
        for text in messages:
            yield pointer, text


def _step(pointer: str, name: Any) -> str:
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
