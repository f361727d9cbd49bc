"""Pages of records, in date order, by any of the edges they state.

A page costs what it holds, not what the store holds: each selection is read from an index in the order of
the answer and no further than the page goes, also where several are merged.
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import product
from operator import add, or_
from typing import Any, NamedTuple

from peewee import SQL, Select, fn

from schemas.vocabulary import GONE, ON_THE_TIMELINE
from service.storage.knowledge import Key, Window, among, beyond, by_head, by_tail, first_of, holds, ways
from service.storage.models import Edge, Record, Revision
from service.storage.prepared import prepared

USUAL = ("attested", "held")
"""Statuses that nearly all records of a kind have: of these there is no index (migration 0005)."""
COUNTED = 2_000
"""Edges that are counted, to see of which filter there are fewest."""
MOST_STREAMS = 60
"""More index ranges than this are read as one set and sorted (SQLite takes 500 parts in a compound)."""
_COLUMNS = ("revision", "earliest", "latest", "id")


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


Ends = tuple[tuple[str, bool], ...]


class Filter(NamedTuple):
    """Records that state one of these relations with one of these records at the other end.

    ``ends`` are pairs of a relation and whether it is the edge's tail that is named.
    """

    ends: Ends
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
    if any(not given.keys or not given.ends for given in filters):
        return []  # No such record to name, or no such way to name one.
    if len(filters) > 1:
        filters = _fewest_first(filters)
    rows = _page(
        tuple(dict.fromkeys(kinds)),
        tuple(given.ends for given in filters),
        tuple(dict.fromkeys(types)),
        tuple(dict.fromkeys(statuses)),
        limit,
        keys=tuple(given.keys for given in filters),
        at=at,
        window=window,
        after=after,
    )
    word = Revision.kind.python_value
    return [Row(revision, id, word(kind), *more) for revision, id, kind, *more in rows]


@prepared
def _page(
    kinds: tuple[str, ...],
    ends: tuple[Ends, ...],
    types: tuple[str, ...],
    statuses: tuple[str, ...],
    limit: int,
    *,
    keys: tuple[tuple[int, ...], ...],
    at: int | None,
    window: Window,
    after: Key | None,
) -> Any:
    filters = [*map(Filter, ends, keys)]
    # An edge has the dates of the record that states it, if that kind of record has dates.
    driven = bool(filters) and set(kinds) <= set(ON_THE_TIMELINE)
    rest = filters[1:] if driven else filters
    streams = []
    sources = [*_sources(kinds, filters[0] if driven else None, types, statuses, at)]
    for source in sources:
        order = (source.dated.earliest, source.dated.latest, Record.id)
        conditions = [_states(given, source.revision, at) for given in rest]
        if types:
            conditions.append(source.described.type.in_(types))
        if statuses:
            conditions.append(source.described.status.in_(statuses))
        if after is not None:
            conditions.append(beyond(order, after))
        streams += [source.query.where(*dated, *conditions) for dated in ways(source.dated, window)]
    # A record is of one kind and type, and has one status; but it may name another in several ways.
    top = first_of(streams, _COLUMNS[1:], limit, apart=not driven or len(sources) == 1)
    return (
        Select(
            (top,), (top.c.revision, top.c.id, Revision.kind, top.c.earliest, top.c.latest, Revision.document)
        )
        .join(Revision, on=(Revision.seq == top.c.revision))
        .order_by(top.c.earliest, top.c.latest, top.c.id)
    )


class _Source(NamedTuple):
    """Candidates for a page, as one index has them in order."""

    query: Any
    """Selects revision, earliest, latest, id."""
    dated: Any
    """The table that the dates are read from."""
    described: Any
    """The table that type and status are read from."""
    revision: Any
    """The revision that is the record at the time."""


def _fewest_first(filters: Sequence[Filter]) -> list[Filter]:
    """The filters, first the one that fewest edges fit: that is read in order, and held to the rest."""
    keys = tuple(given.keys for given in filters)
    rows = _counted(tuple(given.ends for given in filters), keys=keys, most=COUNTED)
    return [filters[number] for _, number in sorted((many, number) for number, many in rows)]


@prepared
def _counted(ends: tuple[Ends, ...], *, keys: tuple[tuple[int, ...], ...], most: int) -> Any:
    counts = []
    for number, given in enumerate(map(Filter, ends, keys)):
        some = [Edge.select(SQL("1")).where(end).limit(most).alias("some") for end in _ends(given)]
        parts = [Select((one,), (SQL("1"),)) for one in some]
        whole = reduce(add, parts).alias("whole")
        counts.append(Select((whole,), (SQL(str(number)), fn.COUNT(SQL("*")))))
    return reduce(add, counts)


def _sources(
    kinds: Sequence[str],
    driver: Filter | None,
    types: Sequence[str],
    statuses: Sequence[str],
    at: int | None,
) -> Iterator[_Source]:
    described = Record if at is None else Revision
    if driver:
        for end in _ends(driver):
            query = (
                Edge.select(*_named(Edge.revision, Edge.earliest, Edge.latest))
                .join(Record, on=(Record.key == Edge.record))
                .where(end, holds(Edge, at), Record.kind.in_(kinds))
                .distinct()
            )
            if at is not None:
                query = query.join(Revision, on=(Revision.seq == Edge.revision))
            yield _Source(query, Edge, described, Edge.revision)
        return
    for kind, only in product(kinds, _ranges(described, types, statuses)):
        revision = Record.revision if at is None else Revision.seq
        query = described.select(*_named(revision, described.earliest, described.latest)).where(
            described.kind == kind, *only
        )
        if at is None:
            query = query.where(Record.revision.is_null(False))
        else:
            query = query.join(Record, on=(Record.key == Revision.record)).where(
                Revision.seq <= at, Revision.action.not_in(GONE), _newest(at)
            )
        yield _Source(query, described, described, revision)


def _ranges(described: Any, types: Sequence[str], statuses: Sequence[str]) -> list[list[Any]]:
    """Of a kind's records, the ranges of an index to read: all, or by type, or by a status that few have."""
    if types:
        return [[described.type == name] for name in types]
    if statuses and not {*statuses} & {*USUAL}:
        rare = [described.status != SQL(f"'{name}'") for name in USUAL]  # As the index's own condition.
        return [[described.status == name, *rare] for name in statuses]
    return [[]]


def _named(*columns: Any) -> Iterator[Any]:
    """The columns of a source, by the names that they are merged and sorted by."""
    return (column.alias(name) for column, name in zip((*columns, Record.id), _COLUMNS, strict=True))


def _ends(given: Filter) -> Iterator[Any]:
    """One index range for each relation and record named, or one for all of them where they are many."""
    if len(given.ends) * len(given.keys) > MOST_STREAMS:
        yield reduce(or_, (_end(*end, given.keys) for end in given.ends))
        return
    for relation, tail in given.ends:
        for key in given.keys:
            yield _end(relation, tail, (key,))


def _end(relation: str, tail: bool, keys: Sequence[int]) -> Any:
    named = by_tail(Edge) & among(Edge.tail, keys) if tail else by_head(Edge) & among(Edge.head, keys)
    return (Edge.relation == relation) & named


def _states(given: Filter, revision: Any, at: int | None) -> Any:
    # A document's edges lie together: they are read, and not by their ends all that name the same record.
    stated = Edge.alias("stated")
    read = {True: stated.tail, False: stated.head}
    ends = reduce(
        or_, ((stated.relation == relation) & among(read[tail], given.keys) for relation, tail in given.ends)
    )
    return fn.EXISTS(stated.select(SQL("1")).where((stated.revision == revision) & holds(stated, at) & ends))


def _newest(at: int) -> Any:
    newer = Revision.alias("newer")
    later = (newer.record == Revision.record) & (newer.version == Revision.version + 1) & (newer.seq <= at)
    return ~fn.EXISTS(newer.select(SQL("1")).where(later))
