"""The words of Parley: kinds, relations and enumerations, and where each document refers to others.

Field names and values are the field's standard terms: PLOVER for events, the Admiralty code for
sources, ISO 3166 for countries, BCP 47 for languages. The tables here are read by the schemas, the
edges, the list filters and the API description alike, so that they cannot disagree.
"""

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of record, and which of its fields the store's own columns come from."""

    code: int
    """What the store writes for it. Never reused."""
    plural: str
    about: str
    label: str
    type: str | None = None
    status: str | None = None
    dates: tuple[str, ...] = ()
    """The field that dates the record, or the pair of fields that bound it."""
    text: tuple[str, ...] = ()
    """Further fields that full-text search reads."""


KINDS: dict[str, Kind] = {
    "actor": Kind(1, "actors", "Able to speak or take part.", "name", "type"),
    "source": Kind(
        2,
        "sources",
        "Where we have it from.",
        "title",
        "type",
        dates=("published",),
        text=("publisher", "author"),
    ),
    "issue": Kind(3, "issues", "A point in dispute.", "title", text=("proposition",)),
    "track": Kind(4, "tracks", "A process or strand of talks.", "title", "type", dates=("began", "ended")),
    "talk": Kind(
        5,
        "talks",
        "A meeting, call or round.",
        "title",
        "mode",
        "status",
        ("held",),
        ("place.name", "outcome.summary"),
    ),
    "statement": Kind(
        6, "statements", "What an actor said.", "text", "channel", "status", ("made",), ("translation",)
    ),
    "proposal": Kind(
        7,
        "proposals",
        "A text on the table.",
        "title",
        None,
        "status",
        ("tabled",),
        ("clauses[].key", "clauses[].text"),
    ),
    "event": Kind(
        8,
        "events",
        "Context that bears on the talks.",
        "title",
        "type",
        dates=("occurred",),
        text=("place.name", "figures[].label"),
    ),
}
ON_THE_TIMELINE = ("talk", "statement", "proposal", "event")

ACTOR_TYPES = ("person", "organization", "state", "coalition", "group")
SOURCE_TYPES = ("article", "post", "transcript", "communique", "document", "broadcast")
RELIABILITIES = ("A", "B", "C", "D", "E", "F")
TRACK_TYPES = ("track-1", "track-1.5", "track-2")
TALK_MODES = ("in-person", "phone", "video", "shuttle", "proximity", "correspondence")
TALK_STATUSES = ("proposed", "scheduled", "held", "cancelled", "postponed")
TALK_ROLES = ("party", "host", "mediator", "guarantor", "observer")
TALK_RESULTS = ("agreement", "progress", "no-progress", "breakdown", "unknown")
DIRECTNESS = ("direct", "indirect", "mixed")
CHANNELS = (
    "speech",
    "interview",
    "press-conference",
    "social-media",
    "readout",
    "communique",
    "document",
    "leak",
    "unspecified",
)
STATEMENT_STATUSES = ("attested", "disputed", "denied", "retracted")
STANDING = ("attested", "disputed")
"""Statements that count as a stance held: one that was denied or retracted does not."""
STATEMENT_RELATIONS = ("responds-to", "clarifies", "contradicts", "retracts", "repeats")
FIRMNESS = ("red-line", "firm", "negotiable")
PROPOSAL_STATUSES = ("draft", "tabled", "agreed", "rejected", "withdrawn")
EVENT_TYPES = (
    "agree",
    "consult",
    "support",
    "concede",
    "cooperate",
    "aid",
    "retreat",
    "request",
    "accuse",
    "reject",
    "threaten",
    "protest",
    "sanction",
    "mobilize",
    "coerce",
    "assault",
)
"""The event types of PLOVER (Open Event Data Alliance), in lower case."""
FIGURE_BOUNDS = ("at-least", "at-most", "about")
ACTIONS = ("created", "amended", "deleted", "merged")
GONE = ("deleted", "merged")
SCOPES = ("read", "write", "admin")
"""Each scope includes those before it."""
ATTRIBUTED = ("exclude", "include", "only")

DEFAULT_SCALE: tuple[tuple[int, str], ...] = (
    (-2, "rejects"),
    (-1, "leans against"),
    (0, "undecided"),
    (1, "conditional"),
    (2, "accepts"),
)

ID_PATTERN = r"[a-z0-9][a-z0-9-]{0,79}"

RELATIONS: dict[str, int] = {
    "position": 1,
    "attributed-position": 2,
    "made": 3,
    "took-part": 4,
    "about": 5,
    "addressed-to": 6,
    "part-of": 7,
    "member-of": 8,
    "cites": 9,
    "on-behalf-of": 10,
    "follows": 11,
    "sponsored": 12,
    "tabled-at": 13,
    "supersedes": 14,
    "clause": 15,
    "involved-in": 16,
    "bears-on": 17,
    "attributed-to": 18,
    "responds-to": 19,
    "clarifies": 20,
    "contradicts": 21,
    "retracts": 22,
    "repeats": 23,
    "merged-into": 24,
}
"""What an edge says, and the code that the store writes for it. Never reused."""

DRAWN = tuple(relation for relation in RELATIONS if relation != "merged-into")
"""The relations of the graph: that of a merged record to the one it became is not between two that exist."""

POSITIONS = ("position", "attributed-position")
IMPLIED = {"position": "made"}
"""Relations that an actor has to a record only beside another: to hold an own position is to have spoken."""


class Reference(NamedTuple):
    """A field that holds the id of another record, and the edge it states."""

    path: str
    """Where it stands: ``speaker``, ``sponsors[]``, ``participants[].actor``."""
    kinds: tuple[str, ...]
    """What kinds of record it may name."""
    relations: tuple[str, ...]
    """The edge's relation; several where a sibling field decides between them."""
    filter: str
    """The query parameter that finds records by it."""
    incoming: bool = False
    """True where the edge runs from the record named to this one (an actor *made* a statement)."""
    attributes: tuple[str, ...] = ()
    """Sibling fields that the edge carries, for a graph to show."""


_SOURCES = Reference(
    "sources[].source", ("source",), ("cites",), "source", attributes=("locator", "credibility")
)

REFERENCES: dict[str, tuple[Reference, ...]] = {
    "actor": (
        Reference(
            "memberships[].organization", ("actor",), ("member-of",), "organization", attributes=("post",)
        ),
    ),
    "source": (),
    "issue": (Reference("parent", ("issue",), ("part-of",), "parent"),),
    "track": (Reference("parent", ("track",), ("part-of",), "parent"),),
    "talk": (
        Reference("track", ("track",), ("part-of",), "track"),
        Reference("follows", ("talk",), ("follows",), "follows"),
        Reference(
            "participants[].actor",
            ("actor",),
            ("took-part",),
            "participant",
            incoming=True,
            attributes=("role", "on_behalf_of"),
        ),
        Reference("participants[].on_behalf_of", ("actor",), ("on-behalf-of",), "on_behalf_of"),
        Reference("agenda[]", ("issue",), ("about",), "issue"),
        _SOURCES,
    ),
    "statement": (
        Reference("speaker", ("actor",), ("made",), "speaker", incoming=True),
        Reference("on_behalf_of", ("actor",), ("on-behalf-of",), "on_behalf_of"),
        Reference("addressed_to[]", ("actor",), ("addressed-to",), "addressed_to"),
        Reference("talk", ("talk",), ("about",), "talk"),
        Reference("track", ("track",), ("part-of",), "track"),
        Reference("issues[]", ("issue",), ("about",), "issue"),
        Reference("positions[].issue", ("issue",), ("about",), "issue"),
        Reference("positions[].holder", ("actor",), POSITIONS, "holder", incoming=True),
        Reference("relations[].statement", ("statement",), STATEMENT_RELATIONS, "relates_to"),
        _SOURCES,
    ),
    "proposal": (
        Reference("sponsors[]", ("actor",), ("sponsored",), "sponsor", incoming=True),
        Reference("track", ("track",), ("part-of",), "track"),
        Reference("talk", ("talk",), ("tabled-at",), "talk"),
        Reference("supersedes", ("proposal",), ("supersedes",), "supersedes"),
        Reference("clauses[].issue", ("issue",), ("clause",), "issue", attributes=("key",)),
        _SOURCES,
    ),
    "event": (
        Reference(
            "actors[].actor", ("actor",), ("involved-in",), "actor", incoming=True, attributes=("role",)
        ),
        Reference("tracks[]", ("track",), ("bears-on",), "track"),
        Reference("figures[].attributed_to", ("actor",), ("attributed-to",), "attributed_to"),
        _SOURCES,
    ),
}

DATES: dict[str, tuple[str, ...]] = {
    "actor": ("memberships[].from", "memberships[].until"),
    "source": ("published", "accessed"),
    "issue": (),
    "track": ("began", "ended"),
    "talk": ("held",),
    "statement": ("made",),
    "proposal": ("tabled",),
    "event": ("occurred",),
}
"""Every field that holds an EDTF date."""

PERIODS: dict[str, tuple[tuple[str, str], ...]] = {
    "actor": (("memberships[].from", "memberships[].until"),),
    "track": (("began", "ended"),),
}
"""Pairs of dates of which the second may not lie wholly before the first."""
