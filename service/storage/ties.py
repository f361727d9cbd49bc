"""What ties actors together: positions they hold, talks they took part in, whom their statements mention.

Rows come one by one and in date order: earliest bound, latest bound, id of what states it. Ends of edges are
those that were known at ``at``, so that a merged actor is the one it became.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from peewee import JOIN, SQL, Case, Select, fn

from schemas.vocabulary import STANDING
from service.storage.database import database
from service.storage.knowledge import Window, by_head, current, holds, named_then, within
from service.storage.models import Edge, Record, Revision

MOST_NAMED = 500
"""More ids than this are not asked for one by one: the whole kind is read instead."""


class Scope(NamedTuple):
    """What part of the store is wanted. None leaves a filter out; no keys at all let nothing in.

    ``tracks`` are those that the talk or statement is part of. ``actors`` and ``issues`` are the ends of a
    position. A talk or a mention is about ``issues`` if its record names one, and let in unless it names one
    of ``without_issues``.
    """

    window: Window = Window()
    tracks: Sequence[int] | None = None
    actors: Sequence[int] | None = None
    issues: Sequence[int] | None = None
    without_issues: Sequence[int] = ()


class Position(NamedTuple):
    """An actor's own position in a standing statement; ``sources`` are empty unless they were asked for."""

    actor: str
    issue: str
    stance: int
    statement: str
    earliest: int
    sources: tuple[str, ...]


class Attendance(NamedTuple):
    """An actor took part in a talk that was held."""

    talk: str
    actor: str
    earliest: int


class Mention(NamedTuple):
    """A standing statement is addressed to an actor, or claims a position of it."""

    statement: str
    speaker: str
    mentioned: str
    earliest: int


class Name(NamedTuple):
    """What a record is called. ``document`` is there where its label is not at hand."""

    id: str
    type: str | None
    label: str | None
    document: bytes | None


def cells(scope: Scope, at: int | None) -> Iterator[tuple[str, str, int, int]]:
    """How many standing statements take each stance: (actor, issue, stance, statements), in any order."""
    holder, issue = Record.alias("holder"), Record.alias("issue")
    # By their keys: their ids are looked up once for each two, and not for each position. The stances of two
    # as one text: so SQLite goes by the order of the index, and need not sort positions to count them.
    stances = fn.STRING_AGG(Edge.stance.cast("text"), SQL("','"))
    taken = (
        Edge.select(Edge.tail, Edge.head, stances.alias("stances"))
        .where(*_standing(scope, at))
        .group_by(Edge.tail, Edge.head)
        .alias("taken")
    )
    query = (
        Select((taken,), (holder.id, issue.id, taken.c.stances))
        .join(holder, on=(holder.key == taken.c.tail))
        .join(issue, on=(issue.key == taken.c.head))
    )
    for actor, issue_id, text in _rows(query.where(issue.kind == "issue")):
        for stance, statements in Counter(text.split(",")).items():
            yield actor, issue_id, int(stance), statements


def positions(scope: Scope, at: int | None, with_sources: bool = False) -> Iterator[Position]:
    """Every own position in a standing statement, with the ids of the sources it cites if they are wanted."""
    query, holder, issue, said = _positions(scope, at)
    columns = [holder.id, issue.id, Edge.stance, said.id, Edge.earliest, Edge.place]
    order = (Edge.earliest, Edge.latest, said.id, Edge.place)
    if not with_sources:
        for actor, issue_id, stance, statement, earliest, _ in _rows(query.select(*columns).order_by(*order)):
            yield Position(actor, issue_id, stance, statement, earliest, ())
        return
    cites, source = Edge.alias("cites"), Record.alias("source")
    cited = (cites.revision == Edge.revision) & (cites.relation == "cites") & holds(cites, at)
    query = (
        query.select(*columns, source.id)
        .join_from(Edge, cites, JOIN.LEFT_OUTER, on=cited)
        .join(source, JOIN.LEFT_OUTER, on=(source.key == cites.head))
    )
    # A row for each source: those of one position, which its place is part of, come one after another.
    for row, cited_in in groupby(_rows(query.order_by(*order, source.id)), itemgetter(0, 1, 2, 3, 4, 5)):
        actor, issue_id, stance, statement, earliest, _ = row
        sources = tuple(one[6] for one in cited_in if one[6] is not None)
        yield Position(actor, issue_id, stance, statement, earliest, sources)


def attendance(scope: Scope, at: int | None) -> Iterator[Attendance]:
    """Who took part in each talk that was held; who did so in several roles, several times."""
    talk, actor = Record.alias("talk"), Record.alias("actor")
    query = (
        talk.select(talk.id, actor.id, Edge.earliest)
        .join(Revision, on=current(talk, Revision, at))
        .join(Edge, on=(Edge.revision == Revision.seq))
        .join(actor, on=(actor.key == Edge.tail))
        .where(
            talk.kind == "talk",
            Edge.relation == "took-part",
            holds(Edge, at),
            Revision.status == "held",
            *within(talk if at is None else Revision, scope.window),
            *_tracked(scope, at),
            *_about(scope, at),
        )
        .order_by(Edge.earliest, Edge.latest, talk.id, actor.id)
    )
    yield from (Attendance._make(row) for row in _rows(query))


def mentions(scope: Scope, at: int | None) -> Iterator[Mention]:
    """Whom each standing statement is addressed to, and whose positions it claims."""
    said, speaker, other = Record.alias("said"), Record.alias("speaker"), Record.alias("other")
    named = Edge.alias("named")
    whom = Case(None, ((named.relation == "addressed-to", named.head),), named.tail)
    query = (
        said.select(said.id, speaker.id, other.id, Edge.earliest)
        .join(Revision, on=current(said, Revision, at))
        .join(Edge, on=(Edge.revision == Revision.seq))
        .join(speaker, on=(speaker.key == Edge.tail))
        .join_from(Edge, named, on=((named.revision == Edge.revision) & holds(named, at)))
        .join(other, on=(other.key == whom))
        .where(
            said.kind == "statement",
            Edge.relation == "made",
            holds(Edge, at),
            named.relation.in_(("addressed-to", "attributed-position")),
            Revision.status.in_(STANDING),
            *within(said if at is None else Revision, scope.window),
            *_tracked(scope, at),
            *_about(scope, at),
        )
        .order_by(Edge.earliest, Edge.latest, said.id, other.id)
    )
    yield from (Mention._make(row) for row in _rows(query))


def names(kind: str, ids: Iterable[str], at: int | None) -> Iterator[Name]:
    """The records of the kind that have one of the ids, as they are at ``at``, in one query."""
    wanted = set(ids)
    table = Record if at is None else Revision
    known = (Record.label, SQL("NULL")) if at is None else (SQL("NULL"), Revision.document)
    for row in _rows(_of_kind(kind, wanted, at).select(Record.id, table.type, *known)):
        if row[0] in wanted:
            yield Name._make(row)


def documents(kind: str, ids: Iterable[str], at: int | None) -> dict[str, bytes]:
    """The documents of the records of the kind that have one of the ids, by id, in one query."""
    wanted = set(ids)
    query = _of_kind(kind, wanted, at).select(Record.id, Revision.document)
    return {id: bytes(document) for id, document in _rows(query) if id in wanted}


def _rows(query: Any) -> Iterator[tuple[Any, ...]]:
    """The rows as the database gives them, without peewee's conversion of each column: none is a code."""
    yield from database.rows(query)


def _of_kind(kind: str, wanted: set[str], at: int | None) -> Any:
    query = Record.select().join(Revision, on=named_then(Record, Revision, at)).where(Record.kind == kind)
    return query.where(Record.id.in_(sorted(wanted))) if len(wanted) <= MOST_NAMED else query


def _positions(scope: Scope, at: int | None) -> tuple[Any, Any, Any, Any]:
    """The edges of own positions in standing statements, with their holders, issues and statements joined."""
    holder, issue, said = Record.alias("holder"), Record.alias("issue"), Record.alias("said")
    query = (
        Edge.select()
        .join(issue, on=((issue.key == Edge.head) & by_head(Edge)))
        .join_from(Edge, holder, on=(holder.key == Edge.tail))
        .join_from(Edge, said, on=(said.key == Edge.record))
        .where(issue.kind == "issue", *_standing(scope, at))
    )
    return query, holder, issue, said


def _standing(scope: Scope, at: int | None) -> Iterator[Any]:
    """The conditions that an edge is an own position in a standing statement."""
    yield (Edge.relation == "position") & holds(Edge, at)
    yield Edge.stance.is_null(False) & Edge.status.in_(STANDING)
    yield from within(Edge, scope.window)
    yield from _tracked(scope, at)
    for column, keys in ((Edge.tail, scope.actors), (Edge.head, scope.issues)):
        if keys is not None:
            yield column.in_(keys)


def _tracked(scope: Scope, at: int | None) -> Iterator[Any]:
    if scope.tracks is not None:
        yield _states("part-of", scope.tracks, at)


def _about(scope: Scope, at: int | None) -> Iterator[Any]:
    if scope.issues is not None:
        yield _states("about", scope.issues, at)
    if scope.without_issues:
        yield ~_states("about", scope.without_issues, at)


def _states(relation: str, keys: Sequence[int], at: int | None) -> Any:
    """The condition that the document which states an edge states another one, to one of these records."""
    stated = Edge.alias("stated")
    ends = (stated.relation == relation) & stated.head.in_(keys)
    return fn.EXISTS(
        stated.select(SQL("1")).where((stated.revision == Edge.revision) & holds(stated, at) & ends)
    )
