"""The tables as they lie, read in order and in batches: for a check of one against the other.

Nothing here trusts what another table says: a revision without its record is read as well, and so is an
edge without its revision.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from operator import or_
from typing import Any, NamedTuple, TypeVar

from peewee import JOIN, Expression, fn

from schemas.vocabulary import GONE
from service.storage.knowledge import merged
from service.storage.models import Edge, Record, Revision
from service.storage.prepared import Rows, prepared
from service.storage.rows import parts

Made = TypeVar("Made")

FIRST = -(2**31)
"""Below every number that a column takes, those that no revision should have included."""
BATCH = 250
"""Revisions or records that are in memory together."""


class Row(NamedTuple):
    """A revision, with what else is known of its record."""

    seq: int
    key: int
    version: int
    action: str
    kind: str
    type: str | None
    status: str | None
    earliest: int
    latest: int
    document: bytes
    recorded_by: str
    recorded_at: Any
    """An int, as every number here, unless somebody has put a text in its place."""
    hash: bytes
    id: str | None
    """None where the record is not there."""
    replaced_by: int | None
    """The revision of the record's next version."""
    replaced_at: int | None


class Drawn(NamedTuple):
    """A row of the edge table."""

    revision: int
    ordinal: int
    since: int
    until: int | None
    record: int
    relation: str
    tail: int
    head: int
    earliest: int
    latest: int
    stance: int | None
    status: str | None
    place: int
    attributes: str | None


class Kept(NamedTuple):
    """A record, with the newest of its revisions."""

    key: int
    id: str
    label: str
    revision: int | None
    first: int | None
    """The version that is its oldest; None if it has no revision."""
    many: int
    newest: int | None
    version: int | None
    action: str | None
    document: bytes | None
    columns: tuple[tuple[str, Any, Any], ...]
    """Of each of ``COLUMNS``: its name, what the record has in it, and what its newest revision has."""


COLUMNS = ("kind", "type", "status", "earliest", "latest")
"""What records and revisions both have, to filter and sort by."""


def size() -> int:
    """How many revisions and records there are."""
    return int(Revision.select().count()) + int(Record.select().count())


def _batches(ask: Callable[..., Rows], made: Callable[[tuple[Any, ...]], Made]) -> Iterator[list[Made]]:
    """What is made of all rows, which begin with the number that they are in the order of."""
    after = FIRST
    while rows := ask(BATCH, after=after):
        yield [made(row) for row in rows]
        after = rows[-1][0]


def revisions() -> Iterator[list[Row]]:
    """Every revision, in order."""
    return _batches(_revisions, _row)


@prepared
def _revisions(limit: int, *, after: int) -> Any:
    later = Revision.alias("later")
    replaced = (later.record == Revision.record) & (later.version == Revision.version + 1)
    return (
        Revision.select(
            *(getattr(Revision, name) for name in Revision._meta.sorted_field_names),
            Record.id,
            later.seq,
            later.recorded_at,
        )
        .join(Record, JOIN.LEFT_OUTER, on=(Record.key == Revision.record))
        .join_from(Revision, later, JOIN.LEFT_OUTER, on=replaced)
        .where(Revision.seq > after)
        .order_by(Revision.seq)
        .limit(limit)
    )


def _row(values: tuple[Any, ...]) -> Row:
    row: Any = Row._make(values)
    # SQLite keeps in a column whatever it was given, and other drivers give a view of the bytes.
    document, hash = (
        value.encode() if isinstance(value, str) else bytes(value) for value in (row.document, row.hash)
    )
    action, kind = Revision.action.python_value(row.action), Revision.kind.python_value(row.kind)
    whole: Row = row._replace(action=action, kind=kind, document=document, hash=hash)
    return whole


def edges(after: int, last: int | None) -> list[Drawn]:
    """Every edge that is stated by a revision beyond ``after`` and up to ``last``, in the key's order."""
    word, at = Edge.relation.python_value, Drawn._fields.index("relation")
    return [Drawn._make((*row[:at], word(row[at]), *row[at + 1 :])) for row in _edges(after=after, last=last)]


@prepared
def _edges(*, after: int, last: int | None) -> Any:
    query = Edge.select(*(getattr(Edge, name) for name in Drawn._fields)).where(Edge.revision > after)
    if last is not None:
        query = query.where(Edge.revision <= last)
    return query.order_by(Edge.revision, Edge.ordinal, Edge.since)


def finals(keys: Iterable[int]) -> dict[int, int]:
    """What each record that was merged became; the others are left out."""
    found: dict[int, int] = {}
    for some in parts(keys):
        query = Edge.select(Edge.tail, Edge.head).where(Edge.tail.in_(some), merged(Edge, None))
        found.update(query.tuples())
    return found


def merges(among: Iterable[int]) -> set[int]:
    """Those of the revisions that are merges."""
    found: set[int] = set()
    for some in parts(among):
        query = Revision.select(Revision.seq).where(Revision.seq.in_(some), Revision.action == "merged")
        found.update(seq for (seq,) in query.tuples())
    return found


def misfiled() -> Iterator[tuple[int, int, str]]:
    """Revisions that end a record, filed under other columns than the version before: number, version, id.

    What they say does not tell what the record was like; ``known_at`` goes by these columns.
    """
    before = Revision.alias("before")
    other = [
        Expression(getattr(Revision, name), "IS DISTINCT FROM", getattr(before, name)) for name in COLUMNS
    ]
    query = (
        Revision.select(Revision.seq, Revision.version, Record.id)
        .join(before, on=((before.record == Revision.record) & (before.version == Revision.version - 1)))
        .join_from(Revision, Record, on=(Record.key == Revision.record))
        .where(Revision.action.in_(GONE), reduce(or_, other))
        .order_by(Revision.seq)
    )
    yield from query.tuples().iterator()


def records() -> Iterator[list[Kept]]:
    """Every record, in the order of the keys."""
    return _batches(_records, _kept)


@prepared
def _records(limit: int, *, after: int) -> Any:
    newest, some = Revision.alias("newest"), Revision.alias("some")
    its = some.record == Record.key
    last = some.select(fn.MAX(some.version)).where(its)
    return (
        Record.select(
            Record.key,
            Record.id,
            Record.label,
            Record.revision,
            some.select(fn.MIN(some.version)).where(its),
            some.select(fn.COUNT(some.version)).where(its),
            newest.seq,
            newest.version,
            newest.action,
            newest.document,
            *(getattr(Record, name) for name in COLUMNS),
            *(getattr(newest, name) for name in COLUMNS),
        )
        .join(newest, JOIN.LEFT_OUTER, on=((newest.record == Record.key) & (newest.version == last)))
        .where(Record.key > after)
        .order_by(Record.key)
        .limit(limit)
    )


def _kept(values: tuple[Any, ...]) -> Kept:
    *own, action, document = values[:10]
    here, there = (
        (Record.kind.python_value(kind), *others) for kind, *others in (values[10:15], values[15:])
    )
    columns = tuple(zip(COLUMNS, here, there, strict=True))
    return Kept._make((*own, Revision.action.python_value(action), document, columns))
