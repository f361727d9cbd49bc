"""What each question takes in its query string. Unknown parameters are errors, and so is one given twice."""

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, fields, validate
from webargs.fields import DelimitedList

from schemas import vocabulary as words
from schemas.fields import Id

LONGEST_PAGE = 1_000
MOST_IDS = 100
LONGEST_SEARCH = 500
LONGEST_WAIT = 30
LARGEST_REVISION = 999_999_999


class Count(fields.Integer):
    """A whole number in plain ASCII digits."""

    default_error_messages = {"invalid": "must be a whole number from {least} to {most}"}

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        rule = validate.Range(least, most, error="must be from {min} to {max}")
        super().__init__(validate=rule, **kwargs)
        self.least, self.most = least, most

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10):
            raise self.make_error("invalid", least=self.least, most=self.most)
        return int(value)


class Flag(fields.Boolean):
    """``true`` or ``false``, and no other way to say it."""

    truthy = {"true"}
    falsy = {"false"}
    default_error_messages = {"invalid": "must be true or false"}


class Query(Schema):
    """The parameters of one question."""

    error_messages = {"unknown": "is not a parameter here"}

    class Meta:
        unknown = RAISE


def ids(description: str) -> DelimitedList:
    """A parameter that takes ids of records."""
    rule = validate.Length(1, MOST_IDS, error="must name from {min} to {max} records")
    return DelimitedList(
        Id(), validate=rule, metadata={"description": f"{description} Ids, comma-separated: any of them."}
    )


def terms(allowed: tuple[str, ...], description: str, default: tuple[str, ...] = ()) -> DelimitedList:
    """A parameter that takes words of the vocabulary."""
    term = fields.String(validate=validate.OneOf(allowed, error="must be of: {choices}"))
    about = {"description": f"{description} Comma-separated: any of them."}
    rule = validate.Length(1, len(allowed), error="must name from {min} to {max} of them")
    if not default:
        return DelimitedList(term, validate=rule, metadata=about)
    about_default = {**about, "default": list(default)}
    return DelimitedList(term, validate=rule, load_default=list(default), metadata=about_default)


def _moment(description: str, example: str) -> fields.String:
    return fields.String(
        validate=validate.Length(1, 60),
        metadata={"description": description, "format": "edtf", "examples": [example]},
    )


def _known_at() -> fields.String:
    return _moment(
        "The answer as it would have been at that instant, or at the end of that day.", "2025-12-22T18:00:00Z"
    )


def span() -> dict[str, fields.Field[Any]]:
    """The parameters that say what part of the past is asked for."""
    return {
        "from": _moment("What may have been on that date or later.", "2025-12-01"),
        "to": _moment("What may have been on that date or before.", "2025-12-31"),
        "as_of": _moment(
            "How things stood at the end of that date: what was over by then, or had begun and has no end.",
            "2025-12-21",
        ),
        "known_at": _known_at(),
    }


def _paging(
    limit: str = "Entries on a page.",
    cursor: str = "Where to go on: from the `next` of the page before.",
) -> dict[str, fields.Field[Any]]:
    return {
        "limit": Count(1, LONGEST_PAGE, metadata={"description": limit}),
        "cursor": fields.String(validate=validate.Length(1, 1_000), metadata={"description": cursor}),
    }


def _statuses() -> DelimitedList:
    return terms(
        words.STATEMENT_STATUSES,
        "Statuses of the statements. What was denied or retracted is no stance held: listed only if asked.",
        default=words.STANDING,
    )


def _attributed() -> fields.String:
    return fields.String(
        load_default="exclude",
        validate=validate.OneOf(words.ATTRIBUTED, error="must be one of: {choices}"),
        metadata={"description": "Positions that one actor claims of another: left out, put in, or alone."},
    )


def listing(kind: str) -> type[Schema]:
    """The parameters of a kind's list: every reference, type, status, dates, paging."""
    described = words.KINDS[kind]
    parameters: dict[str, fields.Field[Any]] = {}
    for reference in words.REFERENCES[kind]:
        what = " or ".join(reference.kinds)
        parameters.setdefault(reference.filter, ids(f"Those that name this {what} as {reference.filter}."))
    if described.type:
        parameters[described.type] = terms(TYPES[kind], f"Of this {described.type}.")
    if described.status:
        parameters["status"] = terms(STATUSES[kind], "Of this status.")
    past = span() if described.dates else {"known_at": _known_at()}
    return Query.from_dict({**parameters, **past, **_paging()}, name=f"{kind.capitalize()}ListQuery")


TYPES = {
    "actor": words.ACTOR_TYPES,
    "source": words.SOURCE_TYPES,
    "track": words.TRACK_TYPES,
    "talk": words.TALK_MODES,
    "statement": words.CHANNELS,
    "event": words.EVENT_TYPES,
}
STATUSES = {
    "talk": words.TALK_STATUSES,
    "statement": words.STATEMENT_STATUSES,
    "proposal": words.PROPOSAL_STATUSES,
}

ImportQuery = Query.from_dict(
    {
        "atomic": Flag(
            load_default=True,
            metadata={"description": "All or nothing; false: all that is valid, and a report on each line."},
        ),
        "dry_run": Flag(
            load_default=False,
            metadata={"description": "Do all of it, keep nothing, and tell what would be."},
        ),
    },
    name="ImportQuery",
)
ExportQuery = Query.from_dict(
    {
        "kinds": terms(tuple(words.KINDS), "Records of these kinds."),
        "revisions": Flag(
            load_default=False,
            metadata={"description": "Every revision, oldest first, and not only what is current."},
        ),
        "known_at": _known_at(),
    },
    name="ExportQuery",
)
Nothing = Query.from_dict({}, name="NoQuery")
RecordQuery = Query.from_dict({"known_at": _known_at()}, name="RecordQuery")
PastQuery = Query.from_dict({"known_at": _known_at(), **_paging()}, name="PastQuery")
ActorHistoryQuery = Query.from_dict(
    {
        "issue": ids("On these issues."),
        "attributed": _attributed(),
        "status": _statuses(),
        **span(),
        **_paging(),
    },
    name="ActorHistoryQuery",
)
IssueHistoryQuery = Query.from_dict(
    {
        "actor": ids("Held by these actors."),
        "attributed": _attributed(),
        "status": _statuses(),
        **span(),
        **_paging(),
    },
    name="IssueHistoryQuery",
)
TimelineQuery = Query.from_dict(
    {
        "kind": terms(words.ON_THE_TIMELINE, "Entries of these kinds."),
        "actor": ids("In which these actors speak, are spoken to, hold a position or take part."),
        "issue": ids("About these issues."),
        **span(),
        **_paging(
            "Entries on a page of JSON, or at most in a file, which without it has all.",
            "Where to go on: from the `next` of the page before. JSON only: a file has no pages.",
        ),
    },
    name="TimelineQuery",
)
GraphQuery = Query.from_dict(
    {
        "kinds": terms(tuple(words.KINDS), "Nodes of these kinds, and edges between them."),
        "relations": terms(words.DRAWN, "Edges of these relations, and the records at their ends."),
        "actor": Id(metadata={"description": "What records that name this actor state."}),
        "issue": Id(metadata={"description": "What records that name this issue state."}),
        "track": Id(metadata={"description": "What records of this track, or a sub-track of it, state."}),
        "around": Id(metadata={"description": "What is within `hops` edges of this record."}),
        "hops": Count(1, 3, load_default=1, metadata={"description": "How far `around` reaches."}),
        **span(),
    },
    name="GraphQuery",
)
ChangesQuery = Query.from_dict(
    {
        "after": Count(
            0,
            LARGEST_REVISION,
            load_default=0,
            metadata={"description": "The changes after this revision: `last` of the page before."},
        ),
        "before": Count(
            1,
            LARGEST_REVISION,
            metadata={"description": "The changes before this revision. The feed goes on by it."},
        ),
        "wait": Count(
            0,
            LONGEST_WAIT,
            load_default=0,
            metadata={"description": "Seconds to hold the answer if there is nothing yet after `after`."},
        ),
        "kinds": terms(tuple(words.KINDS), "Changes of records of these kinds."),
        "limit": _paging()["limit"],
    },
    name="ChangesQuery",
)
SearchQuery = Query.from_dict(
    {
        "q": fields.String(
            required=True,
            validate=validate.Length(1, LONGEST_SEARCH),
            metadata={
                "description": 'Words; "a phrase", OR and -exclusion are understood, and no text is an error.'
            },
        ),
        "kind": terms(tuple(words.KINDS), "Records of these kinds."),
        **_paging(),
    },
    name="SearchQuery",
)
