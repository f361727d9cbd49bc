"""Pages of records, in date order, by any of the edges they state.

A page costs what it holds, not what the store holds: each selection is read from an index in the order of
the answer and no further than the page goes, also where several are merged.
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple

from peewee import SQL, Select, fn

from schemas.vocabulary import GONE
from service.storage.database import database
from service.storage.knowledge import Key, Window, beyond, first_of, holds, within
from service.storage.models import Edge, Record, Revision

MOST_STREAMS = 60
"""More index ranges than this are read as one set and sorted (SQLite takes 500 parts in a compound)."""


class Row(NamedTuple):
    """A record's document, and what a page needs to sort it."""

    revision: int
    id: str
    kind: str
    earliest: int
    latest: int
    document: bytes

    @property
    def position(self) -> Key:
        """Where it stands in the order."""
        return self.earliest, self.latest, self.id


class Filter(NamedTuple):
    """Records that state one of these relations with one of these records at the other end.

    ``ends`` are pairs of a relation and whether it is the edge's tail that is named.
    """

    ends: tuple[tuple[str, bool], ...]
    keys: tuple[int, ...]


def page(
    kinds: Sequence[str],
    filters: Sequence[Filter],
    *,
    at: int | None,
    window: Window = Window(),
    types: Sequence[str] = (),
    statuses: Sequence[str] = (),
    after: Key | None = None,
    limit: int,
) -> list[Row]:
    """Records in the order of the design: earliest bound, latest bound, id; from ``after`` on."""
    streams = [
        stream.order_by(*order)
        for stream, order in _streams(kinds, filters, at, window, types, statuses, after)
    ]
    if not streams:
        return []
    top = first_of(streams, ("earliest", "latest", "id"), limit)
    query = (
        Select(
            (top,), (top.c.revision, top.c.id, Revision.kind, top.c.earliest, top.c.latest, Revision.document)
        )
        .join(Revision, on=(Revision.seq == top.c.revision))
        .order_by(top.c.earliest, top.c.latest, top.c.id)
    )
    return [_row(row) for row in query.tuples().execute(database)]


def _row(row: tuple[Any, ...]) -> Row:
    return Row._make((*row[:2], Revision.kind.python_value(row[2]), *row[3:]))


def _streams(
    kinds: Sequence[str],
    filters: Sequence[Filter],
    at: int | None,
    window: Window,
    types: Sequence[str],
    statuses: Sequence[str],
    after: Key | None,
) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    if any(not given.keys for given in filters):
        return
    described = Record if at is None else Revision

    def finish(
        query: Any, table: Any, conditions: list[Any], rest: Sequence[Filter]
    ) -> tuple[Any, tuple[Any, ...]]:
        conditions += within(table, window)
        conditions += [_states(given, at) for given in rest]
        if types:
            conditions.append(described.type.in_(types))
        if statuses:
            conditions.append(described.status.in_(statuses))
        order = (table.earliest, table.latest, Record.id)
        if after is not None:
            conditions.append(beyond(order, after))
        return query.where(*conditions), order

    # Dates of edges are those of the record that states them, but for kinds that have none of their own.
    driver = filters[0] if filters and not set(kinds) & {"actor", "issue", "source", "track"} else None
    if driver:
        for end in _ends(driver):
            query = (
                Edge.select(Edge.revision.alias("revision"), Edge.earliest, Edge.latest, Record.id)
                .join(Record, on=(Record.key == Edge.record))
                .distinct()
            )
            if statuses or types or len(kinds) < 4:  # Of all that edges name, only some.
                query = query.join(Revision, on=(Revision.seq == Edge.revision))
                end &= Revision.kind.in_(kinds)  # noqa: PLW2901
            yield finish(query, Edge, [end, holds(Edge, at)], filters[1:])
        return
    for kind in kinds:
        query = described.select(
            Revision.seq.alias("revision"), described.earliest, described.latest, Record.id
        )
        if at is None:
            query = query.join(Revision, on=(Revision.seq == Record.revision))
            conditions = [Record.kind == kind]
        else:
            query = query.join(Record, on=(Record.key == Revision.record))
            conditions = [
                Revision.kind == kind,
                Revision.seq <= at,
                Revision.action.not_in(GONE),
                _newest(at),
            ]
        yield finish(query, described, conditions, filters)


def _ends(given: Filter) -> Iterator[Any]:
    """One index range for each relation and record named, or one for all of them where they are many."""
    if len(given.ends) * len(given.keys) > MOST_STREAMS:
        yield reduce(lambda left, right: left | right, (_end(*end, given.keys) for end in given.ends))
        return
    for relation, tail in given.ends:
        for key in given.keys:
            yield _end(relation, tail, (key,))


def _end(relation: str, tail: bool, keys: Sequence[int], edge: Any = Edge) -> Any:
    column = edge.tail if tail else edge.head
    return (edge.relation == relation) & (column == keys[0] if len(keys) == 1 else column.in_(keys))


def _states(given: Filter, at: int | None) -> Any:
    stated = Edge.alias("stated")
    ends = reduce(lambda left, right: left | right, (_end(*end, given.keys, stated) for end in given.ends))
    return fn.EXISTS(
        stated.select(SQL("1")).where((stated.revision == Revision.seq) & holds(stated, at) & ends)
    )


def _newest(at: int) -> Any:
    newer = Revision.alias("newer")
    later = (newer.record == Revision.record) & (newer.version == Revision.version + 1) & (newer.seq <= at)
    return ~fn.EXISTS(newer.select(SQL("1")).where(later))
