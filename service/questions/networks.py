"""The networks of actors: who stands where and with whom, who met whom, who speaks of, or to, whom."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import orjson

from service.diplomacy import agreement, contacts, documents, revisions, stances
from service.diplomacy.contacts import TookPart
from service.diplomacy.duplicates import DUPLICATES, Held
from service.diplomacy.networks import Network, Only
from service.diplomacy.windows import Entry, Window, series
from service.exports.graphs import Node
from service.questions.asking import Span, keys_of, resolved_ids, revision_at
from service.storage import records, ties
from service.storage.database import reading
from service.storage.records import Resolved
from service.storage.ties import Scope

AGREEMENT = {"affiliation", *agreement.ONE_MODE}
"""The relations that are made of positions."""
RELATIONS = ("affiliation", *agreement.ONE_MODE, "co-attendance", "mentions")
CHOICES: dict[str, Mapping[str, Mapping[str, str]]] = {
    "affiliation": {
        "aggregate": agreement.TWO_MODE,
        "normalize": agreement.NORMALIZE_TWO_MODE,
        "duplicates": DUPLICATES,
    },
    **{
        relation: {"normalize": agreement.NORMALIZE_ONE_MODE, "duplicates": DUPLICATES}
        for relation in agreement.ONE_MODE
    },
    "co-attendance": {"normalize": agreement.NORMALIZE_ONE_MODE},
    "mentions": {},
}
"""What may be chosen of each relation: by the name of the choice, each word and what it means."""


class NetworkQuestion(NamedTuple):
    """What network is asked for. Choices are those of ``CHOICES``; None leaves a filter out.

    ``windows`` is a unit of `service.diplomacy.windows`: then a network of each window is asked for.
    """

    relation: str
    aggregate: str = "ignore"
    normalize: str = "no"
    duplicates: str = "include"
    min_weight: float | None = None
    windows: str | None = None
    track: Sequence[str] | None = None
    actors: Sequence[str] | None = None
    issues: Sequence[str] | None = None
    exclude_actor: Sequence[str] = ()
    exclude_issue: Sequence[str] = ()

    @property
    def chosen(self) -> dict[str, str]:
        """The choices that the relation has, as they were made."""
        return {name: getattr(self, name) for name in CHOICES[self.relation]}


class Networks(NamedTuple):
    """The networks that answer a question: one, of no window, or one for each window in their order."""

    asked: NetworkQuestion
    spells: Sequence[tuple[Window | None, Network]]
    names: Mapping[str, Node]
    modified: str

    @property
    def directed(self) -> bool:
        return self.asked.relation == "mentions"

    @property
    def two_mode(self) -> bool:
        return self.asked.relation == "affiliation"


def tied(asked: NetworkQuestion, span: Span) -> Networks:
    """The network, or the networks, with the names of their nodes.

    Ids of nothing, or of nothing then, let nothing in; that of a merged record means the one it became.
    Raises InvalidParameters for a combination of choices that means nothing.
    """
    with reading():
        at = revision_at(span.known_at)
        modified = revisions.instant(records.recorded_at(at))[:10]
        named = (asked.track, asked.actors, asked.issues, asked.exclude_actor, asked.exclude_issue)
        resolved = resolved_ids([id for ids in named for id in ids or ()], at)
        resolved |= resolved_ids([one.merged_into for one in resolved.values() if one.merged_into], at)
        only, scope = _only(asked, resolved), _scope(asked, span, resolved, at)
        if asked.relation in AGREEMENT:
            spells = _of_positions(asked, scope, only, at)
        elif asked.relation == "mentions":
            spells = _of_mentions(asked, scope, only, at)
        else:
            spells = _of_talks(asked, scope, only, at)
        return Networks(asked, spells, _names(spells, at), modified)


def _only(asked: NetworkQuestion, resolved: Mapping[str, Resolved]) -> Only:
    def those(kind: str, ids: Iterable[str]) -> frozenset[str]:
        became = (resolved[id].merged_into or id for id in ids if id in resolved)
        return frozenset(id for id in became if resolved[id].kind == kind and resolved[id].exists)

    return Only(
        None if asked.actors is None else those("actor", asked.actors),
        None if asked.issues is None else those("issue", asked.issues),
        those("actor", asked.exclude_actor),
        those("issue", asked.exclude_issue),
    )


def _scope(asked: NetworkQuestion, span: Span, resolved: Mapping[str, Resolved], at: int | None) -> Scope:
    def keys(kind: str, ids: Sequence[str] | None) -> tuple[int, ...] | None:
        return None if ids is None else keys_of(ids, (kind,), resolved)

    tracks = keys("track", asked.track)
    if tracks:
        tracks = tuple(sorted({key for track in tracks for key in records.descendants(track, at)}))
    without = keys("issue", asked.exclude_issue) or ()
    return Scope(span.window, tracks, keys("actor", asked.actors), keys("issue", asked.issues), without)


Spells = list[tuple[Window | None, Network]]
Found = TypeVar("Found")


def _spelled(
    rows: Iterable[Entry], asked: NetworkQuestion, made: Callable[[Iterable[Entry]], Found]
) -> list[tuple[Window | None, Found]]:
    """What is made of the rows: of all of them, or of those of each window."""
    if asked.windows is None:
        return [(None, made(rows))]
    return [(window, made(some)) for window, some in series(rows, asked.windows)]


def _of_positions(asked: NetworkQuestion, scope: Scope, only: Only, at: int | None) -> Spells:
    counted: list[tuple[Window | None, agreement.Counts]]
    if asked.duplicates == "include" and asked.windows is None:
        counted = [(None, agreement.counted(ties.cells(scope, at), only))]
    else:
        rows = ties.positions(scope, at, asked.duplicates == "source")
        held = (Held(*row) for row in rows if only.actor(row.actor) and only.issue(row.issue))
        # What is ignored by the network is ignored where repetitions are looked for, too.
        ignored = asked.aggregate if asked.relation == "affiliation" else asked.relation
        how = asked.duplicates, ignored != "ignore", only
        counted = _spelled(held, asked, lambda some: agreement.counts(some, *how))
    scales = _scales({issue for _, counts in counted for issue in counts.issues}, at)
    how_much = asked.normalize, asked.min_weight
    if asked.relation == "affiliation":
        return [
            (window, agreement.affiliation(counts, scales, asked.aggregate, *how_much))
            for window, counts in counted
        ]
    return [
        (window, agreement.one_mode(counts, scales, asked.relation, *how_much)) for window, counts in counted
    ]


def _scales(issues: Iterable[str], at: int | None) -> dict[str, list[int]]:
    return {
        id: sorted(stances.scale_of(orjson.loads(document)).labels)
        for id, document in ties.documents("issue", issues, at).items()
    }


def _of_mentions(asked: NetworkQuestion, scope: Scope, only: Only, at: int | None) -> Spells:
    def network(rows: Iterable[ties.Mention]) -> Network:
        return contacts.mentions((contacts.Mention(*row[:3]) for row in rows), only, asked.min_weight)

    rows = (row for row in ties.mentions(scope, at) if only.actor(row.speaker) and only.actor(row.mentioned))
    return _spelled(rows, asked, network)


def _of_talks(asked: NetworkQuestion, scope: Scope, only: Only, at: int | None) -> Spells:
    def network(rows: Iterable[ties.Attendance]) -> Network:
        part = (TookPart(*row[:2]) for row in rows)
        return contacts.co_attendance(part, asked.normalize, only, asked.min_weight)

    rows = (row for row in ties.attendance(scope, at) if only.actor(row.actor))
    return _spelled(rows, asked, network)


def _names(spells: Spells, at: int | None) -> dict[str, Node]:
    """Every node of every window once, actors before issues, by id."""
    actors = sorted({id for _, network in spells for id in network.rows})
    issues = sorted({id for _, network in spells if network.two_mode for id in network.columns})
    names = {}
    for kind, ids in (("actor", actors), ("issue", issues)):
        found = {row.id: row for row in ties.names(kind, ids, at)} if ids else {}
        for id in ids:
            row = found[id]
            label = row.label or documents.label(orjson.loads(row.document or b""))
            names[id] = Node(id, label, kind, row.type)
    return names
