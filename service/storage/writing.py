"""What a write does to the tables. Only ``service.recording`` calls this, inside ``database.writing``."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import orjson
from peewee import JOIN, Case, fn

from schemas.vocabulary import GONE, RELATIONS
from service.storage import search, webhooks
from service.storage.database import database
from service.storage.knowledge import by_tail, merged, naming
from service.storage.models import ACTION_CODES, KIND_CODES, Edge, Record, Revision
from service.storage.prepared import padded, prepared
from service.storage.rows import Row, insert, parts


class Head(NamedTuple):
    """The end of the chain: the newest revision."""

    seq: int
    hash: bytes
    recorded_at: int


class Known(NamedTuple):
    """What the store holds under an id."""

    key: int
    id: str
    kind: str
    revision: int | None
    """None when it was deleted or merged."""
    merged_into: str | None
    version: int
    document: bytes


class NewRevision(NamedTuple):
    """One row of the revision table, and the record's columns that follow from it."""

    seq: int
    key: int
    id: str
    version: int
    action: str
    kind: str
    type: str | None
    status: str | None
    label: str
    earliest: int
    latest: int
    document: bytes
    recorded_by: str
    recorded_at: int
    hash: bytes


def head() -> Head:
    """The newest revision, or the beginning of the chain."""
    return beginning()[0]


@prepared
def _newest() -> Any:
    last = Record.select(fn.MAX(Record.key))
    query = Revision.select(Revision.seq, Revision.hash, Revision.recorded_at, last)
    return query.order_by(Revision.seq.desc()).limit(1)


def beginning() -> tuple[Head, int]:
    """The newest revision, and the key of the next new record: what a write goes on from."""
    for seq, hash, recorded_at, key in _newest():
        return Head(seq, bytes(hash), recorded_at), int(key or 0) + 1
    return Head(0, bytes(32), 0), 1


def known(ids: Iterable[str]) -> dict[str, Known]:
    """What the store holds under each of the ids, deleted and merged ones included."""
    kinds = Record.kind.words
    return {
        id: Known(key, id, kinds[kind], *others)
        for some in parts(sorted(set(ids)))
        for key, id, kind, *others in _known(ids=padded(some))
    }


@prepared
def _known(*, ids: tuple[str, ...]) -> Any:
    # Most are current, of which neither the past nor a merge need be looked for.
    merge, target, newest = Edge.alias("merge"), Record.alias("target"), Revision.alias("newest")
    its = (merge.tail == Record.key) & merged(merge, None)
    into = target.select(target.id).join(merge, on=(merge.head == target.key)).where(its)
    last = newest.select(newest.seq).where(newest.record == Record.key).order_by(newest.version.desc())
    merged_into = Case(None, [(Record.revision.is_null(), into)])
    about = (Record.key, Record.id, Record.kind, Record.revision, merged_into)
    return (
        Record.select(*about, Revision.version, Revision.document)
        .join(Revision, on=(Revision.seq == fn.COALESCE(Record.revision, last.limit(1))))
        .where(Record.id.in_(ids))
    )


class Appended(NamedTuple):
    """A revision as it was appended; ``replaced`` is the one that was current, None where there was none."""

    seq: int
    key: int
    id: str
    kind: str
    action: str
    document: bytes
    replaced: int | None


def appended(after: int, limit: int) -> list[Appended]:
    """The revisions after the revision ``after``, in order."""
    kinds, actions = Revision.kind.words, Revision.action.words
    return [
        Appended(seq, key, id, kinds[kind], actions[action], *others)
        for seq, key, id, kind, action, *others in _appended(after=after, limit=limit)
    ]


@prepared
def _appended(*, after: int, limit: int) -> Any:
    before = Revision.alias("before")
    earlier = (before.record == Revision.record) & (before.version == Revision.version - 1)
    return (
        Revision.select(
            Revision.seq, Record.key, Record.id, Record.kind, Revision.action, Revision.document, before.seq
        )
        .join(Record, on=(Record.key == Revision.record))
        .join_from(Revision, before, JOIN.LEFT_OUTER, on=(earlier & before.action.not_in(GONE)))
        .where(Revision.seq > after)
        .order_by(Revision.seq)
        .limit(limit)
    )


def append(revisions: Sequence[NewRevision]) -> None:
    """Add revisions in their order, make each the current one of its record, and due to every webhook."""
    if not revisions:
        return
    records = {new.key: record_row(new) for new in revisions}
    insert(Record, records.values(), replacing=("type", "status", "label", "earliest", "latest", "revision"))
    insert(Revision, map(revision_row, revisions))
    webhooks.enqueue(revisions[0].seq, revisions[-1].seq)


def record_row(new: NewRevision) -> Row:
    """The row of the record of which that revision is the newest."""
    current, kind = None if new.action in GONE else new.seq, KIND_CODES[new.kind]
    return (new.key, new.id, kind, new.type, new.status, new.label, new.earliest, new.latest, current)


def revision_row(new: NewRevision) -> Row:
    """The revision's own row."""
    about = (KIND_CODES[new.kind], new.type, new.status, new.earliest, new.latest)
    written = (new.document, new.recorded_by, new.recorded_at, new.hash)
    return (new.seq, new.key, new.version, ACTION_CODES[new.action], *about, *written)


class Stating(Protocol):
    """The revision that states an edge."""

    @property
    def seq(self) -> int: ...
    @property
    def key(self) -> int: ...


def edge_row(by: Stating, ordinal: int, edge: tuple[Any, ...], tail: int, head: int) -> Row:
    """The row of an edge (``documents.Edge``) that a revision states, between the records of those keys."""
    since, until = by.seq, None
    relation, _, _, earliest, latest, stance, status, place, carried = edge
    attributes = orjson.dumps(carried).decode() if carried else None
    said = (earliest, latest, stance, status, place, attributes)
    return (by.seq, ordinal, since, until, by.key, RELATIONS[relation], tail, head, *said)


def add_edges(rows: Iterable[Row]) -> None:
    """Add edges, as ``edge_row`` makes them."""
    insert(Edge, rows)


@contextmanager
def filling() -> Iterator[None]:
    """For adding all edges and words of a store that had none: until the end no edge is found by its ends."""
    with database.unindexed("edge"):
        yield
    search.put_together()


def end_edges(revisions: Iterable[int], until: int) -> None:
    """End what earlier revisions state, as of the revision ``until``."""
    for some in parts(revisions):
        _ended(revisions=padded(some), until=until)


@prepared
def _ended(*, revisions: tuple[int, ...], until: int) -> Any:
    return Edge.update(until=until).where(Edge.revision.in_(revisions) & Edge.until.is_null())


def repoint(key: int, to: int, since: int) -> None:
    """Move every edge at the record ``key`` to the record ``to``, as of the revision ``since``."""
    # Those of its own document have ended with it.
    at_it = naming(Edge, (key,)) & Edge.until.is_null()
    names = Edge._meta.sorted_field_names
    rows = [dict(zip(names, row, strict=True)) for row in Edge.select().where(at_it).tuples()]
    Edge.update(until=since).where(at_it).execute()
    for row in rows:
        row["since"] = since
        for end in ("tail", "head"):
            row[end] = to if row[end] == key else row[end]
    add_edges(map(_kept, rows))
    _own(to, since)


def _kept(edge: dict[str, Any]) -> Row:
    """The row of an edge, given as its fields."""
    return tuple({**edge, "relation": RELATIONS[edge["relation"]]}.values())


def _own(holder: int, since: int) -> None:
    """What an actor, under two ids, was said to have claimed of itself is its own position."""
    made, claimed = Edge.alias("made"), Edge.alias("claimed")
    names = Edge._meta.sorted_field_names
    query = (
        claimed.select(*(getattr(claimed, name) for name in names))
        .join(made, on=((made.revision == claimed.revision) & (made.relation == "made")))
        .where(
            by_tail(claimed) & (claimed.tail == holder) & (claimed.relation == "attributed-position"),
            claimed.until.is_null(),
            (made.tail == holder) & made.until.is_null(),
        )
    )
    for row in [dict(zip(names, values, strict=True)) for values in query.tuples()]:
        its_own = (Edge.revision == row["revision"]) & (Edge.ordinal == row["ordinal"])
        if row["since"] == since:
            Edge.update(relation="position").where(its_own & Edge.until.is_null()).execute()
        else:
            Edge.update(until=since).where(its_own & Edge.until.is_null()).execute()
            add_edges([_kept({**row, "since": since, "relation": "position"})])
