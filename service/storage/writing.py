"""What a write does to the tables. Only ``service.recording`` calls this, inside ``database.writing``."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from peewee import JOIN, chunked, fn

from schemas.vocabulary import GONE, POSITIONS
from service.storage import webhooks
from service.storage.knowledge import merged
from service.storage.models import Edge, Record, Revision

REFERRERS_NAMED = 10
"""How many of the records that stand against a change an error names."""
ROWS_AT_ONCE = 500
"""SQLite takes 32,766 values in a statement."""


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
    row = (
        Revision.select(Revision.seq, Revision.hash, Revision.recorded_at)
        .order_by(Revision.seq.desc())
        .limit(1)
        .tuples()
        .first()
    )
    return Head(row[0], bytes(row[1]), row[2]) if row else Head(0, bytes(32), 0)


def known(ids: Iterable[str]) -> dict[str, Known]:
    """What the store holds under each of the ids, deleted and merged ones included."""
    merge, target, newest = Edge.alias("merge"), Record.alias("target"), Revision.alias("newest")
    last = newest.select(fn.MAX(newest.version)).where(newest.record == Record.key)
    found = {}
    for some in chunked(sorted(set(ids)), ROWS_AT_ONCE):
        query = (
            Record.select(
                Record.key,
                Record.id,
                Record.kind,
                Record.revision,
                target.id,
                Revision.version,
                Revision.document,
            )
            .join(Revision, on=((Revision.record == Record.key) & (Revision.version == last)))
            .join_from(Record, merge, JOIN.LEFT_OUTER, on=merged(Record, merge, None))
            .join(target, JOIN.LEFT_OUTER, on=(target.key == merge.head))
            .where(Record.id.in_(some))
        )
        for row in query.tuples():
            found[row[1]] = Known._make(row)
    return found


def next_key() -> int:
    """The key of the next new record."""
    return int(Record.select(fn.MAX(Record.key)).scalar() or 0) + 1


def append(revisions: Sequence[NewRevision]) -> None:
    """Add revisions in their order, make each the current one of its record, and due to every webhook."""
    if not revisions:
        return
    records = {}
    for new in revisions:
        gone = new.action in GONE
        records[new.key] = {
            "key": new.key,
            "id": new.id,
            "kind": new.kind,
            "type": new.type,
            "status": new.status,
            "label": new.label,
            "earliest": new.earliest,
            "latest": new.latest,
            "revision": None if gone else new.seq,
        }
    columns = ("type", "status", "label", "earliest", "latest", "revision")
    for rows in chunked(records.values(), ROWS_AT_ONCE):
        Record.insert_many(rows).on_conflict(
            conflict_target=[Record.key], preserve=[getattr(Record, name) for name in columns]
        ).execute()
    for some in chunked(revisions, ROWS_AT_ONCE):
        Revision.insert_many(
            [
                {
                    "record": new.key,
                    **{
                        name: getattr(new, name)
                        for name in Revision._meta.sorted_field_names
                        if name != "record"
                    },
                }
                for new in some
            ]
        ).execute()
    webhooks.enqueue(revisions[0].seq, revisions[-1].seq)


def edge_row(
    stated_by: NewRevision, ordinal: int, edge: dict[str, Any], tail: int, head: int
) -> dict[str, Any]:
    """The row of an edge that a revision states, between the records of those keys."""
    return {
        "revision": stated_by.seq,
        "ordinal": ordinal,
        "since": stated_by.seq,
        "until": None,
        "record": stated_by.key,
        **edge,
        "tail": tail,
        "head": head,
        "attributes": orjson.dumps(edge["attributes"]).decode() if edge["attributes"] else None,
    }


def add_edges(rows: Iterable[dict[str, Any]]) -> None:
    """Add edges, as dicts of the edge table's columns."""
    for some in chunked(rows, ROWS_AT_ONCE):
        Edge.insert_many(some).execute()


def end_edges(revisions: Iterable[int], until: int) -> None:
    """End what earlier revisions state, as of the revision ``until``."""
    for some in chunked(revisions, ROWS_AT_ONCE):
        Edge.update(until=until).where(Edge.revision.in_(some) & Edge.until.is_null()).execute()


def repoint(key: int, to: int, since: int) -> None:
    """Move every edge at the record ``key`` to the record ``to``, as of the revision ``since``."""
    at_it = ((Edge.tail == key) | (Edge.head == key)) & Edge.until.is_null()
    names = Edge._meta.sorted_field_names
    rows = [dict(zip(names, row, strict=True)) for row in Edge.select().where(at_it).tuples()]
    Edge.update(until=since).where(at_it).execute()
    for row in rows:
        row["since"] = since
        for end in ("tail", "head"):
            row[end] = to if row[end] == key else row[end]
    add_edges(rows)
    _own(to, since)


def _own(holder: int, since: int) -> None:
    """What an actor, under two ids, was said to have claimed of itself is its own position."""
    made, claimed = Edge.alias("made"), Edge.alias("claimed")
    names = Edge._meta.sorted_field_names
    query = (
        claimed.select(*(getattr(claimed, name) for name in names))
        .join(made, on=((made.revision == claimed.revision) & (made.relation == "made")))
        .where(
            (claimed.tail == holder) & (claimed.relation == "attributed-position") & claimed.until.is_null(),
            (made.tail == holder) & made.until.is_null(),
        )
    )
    for row in [dict(zip(names, values, strict=True)) for values in query.tuples()]:
        its_own = (Edge.revision == row["revision"]) & (Edge.ordinal == row["ordinal"])
        if row["since"] == since:
            Edge.update(relation="position").where(its_own & Edge.until.is_null()).execute()
        else:
            Edge.update(until=since).where(its_own & Edge.until.is_null()).execute()
            add_edges([{**row, "since": since, "relation": "position"}])


def stated_twice(key: int) -> list[dict[str, str]]:
    """Statements that say more than once where the same holder stands on the same issue, of this record."""
    query = (
        Edge.select(Record.id, Record.kind, Record.label)
        .join(Record, on=(Record.key == Edge.record))
        .where((Edge.tail == key) | (Edge.head == key), Edge.relation.in_(POSITIONS), Edge.until.is_null())
        .group_by(Edge.revision, Edge.tail, Edge.head, Record.id, Record.kind, Record.label)
        .having(fn.COUNT(Edge.ordinal) > 1)
        .order_by(Record.id)
        .limit(REFERRERS_NAMED)
    )
    return [dict(zip(("id", "kind", "label"), row, strict=True)) for row in query.tuples()]


def referrers(key: int) -> list[dict[str, str]]:
    """The first few records that refer to this one, and how."""
    query = (
        Edge.select(Record.id, Record.kind, Edge.relation, Record.label)
        .join(Record, on=(Record.key == Edge.record))
        .where(
            (Edge.tail == key) | (Edge.head == key),
            Edge.record != key,
            Edge.relation != "merged-into",
            Edge.until.is_null(),
        )
        .distinct()
        .order_by(Record.id, Edge.relation)
        .limit(REFERRERS_NAMED)
    )
    return [dict(zip(("id", "kind", "relation", "label"), row, strict=True)) for row in query.tuples()]


def stances_on(key: int) -> dict[int, str]:
    """Every stance that is stated on an issue, with the id of one record that states it."""
    query = (
        Edge.select(Edge.stance, fn.MIN(Record.id))
        .join(Record, on=(Record.key == Edge.record))
        .where((Edge.head == key) & Edge.stance.is_null(False) & Edge.until.is_null())
        .group_by(Edge.stance)
    )
    return dict(query.tuples())


def parent(key: int) -> int | None:
    """The parent of an issue or a track, where it has one."""
    query = Edge.select(Edge.head).where(
        (Edge.tail == key) & (Edge.relation == "part-of") & (Edge.record == key) & Edge.until.is_null()
    )
    found: int | None = query.scalar()
    return found
