"""What stands against a write, or falls with it: the edges at a record."""

from collections.abc import Sequence
from typing import NamedTuple

from peewee import fn

from schemas.vocabulary import POSITIONS
from service.storage.knowledge import by_head, naming
from service.storage.models import Edge, Record, Revision
from service.storage.rows import parts

REFERRERS_NAMED = 10
"""How many of the records that stand against a change an error names."""


def stated_twice(key: int) -> list[dict[str, str]]:
    """Statements that say more than once where the same holder stands on the same issue, of this record."""
    query = (
        Edge.select(Record.id, Record.kind, Record.label)
        .join(Record, on=(Record.key == Edge.record))
        .where(naming(Edge, (key,)), Edge.relation.in_(POSITIONS), Edge.until.is_null())
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
            naming(Edge, (key,)),
            Edge.record != key,
            Edge.relation != "merged-into",
            Edge.until.is_null(),
        )
        .distinct()
        .order_by(Record.id, Edge.relation)
        .limit(REFERRERS_NAMED)
    )
    return [dict(zip(("id", "kind", "relation", "label"), row, strict=True)) for row in query.tuples()]


class Referring(NamedTuple):
    """A revision that states something of a record, the record that it is of, and whether that was new."""

    seq: int
    key: int
    new: bool


def referring(keys: Sequence[int]) -> list[Referring]:
    """What refers to these records."""
    found: dict[int, Referring] = {}
    for some in parts(keys):
        query = (
            Edge.select(Edge.revision, Edge.record, Revision.action)
            .join(Revision, on=(Revision.seq == Edge.revision))
            .where(naming(Edge, some), Edge.until.is_null())
        )
        for seq, key, action in query.tuples():
            found[seq] = Referring(seq, key, action == "created")
    return list(found.values())


def stances_on(key: int) -> dict[int, str]:
    """Every stance that is stated on an issue, with the id of one record that states it."""
    query = (
        Edge.select(Edge.stance, fn.MIN(Record.id))
        .join(Record, on=(Record.key == Edge.record))
        .where(by_head(Edge), Edge.head == key, Edge.stance.is_null(False), Edge.until.is_null())
        .group_by(Edge.stance)
    )
    return dict(query.tuples())


def of_itself(id: str) -> str | None:
    """The relation in which a record says that it stands to itself, where there is one."""
    query = (
        Edge.select(Edge.relation)
        .join(Record, on=(Record.revision == Edge.revision))
        .where(Record.id == id, Edge.tail == Edge.head, Edge.until.is_null())
        .limit(1)
    )
    found: str | None = query.scalar()
    return found


def parent(key: int) -> int | None:
    """The parent of an issue or a track, where it has one."""
    query = (
        Record.select(Edge.head)
        .join(Edge, on=(Edge.revision == Record.revision))
        .where(Record.key == key, Edge.relation == "part-of", Edge.until.is_null())
    )
    found: int | None = query.scalar()
    return found
