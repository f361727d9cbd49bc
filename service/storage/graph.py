"""The graph: records as nodes, edges as they are stated, read one by one and never held together."""

import operator
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from typing import Any, NamedTuple, cast

from peewee import SQL, Case, fn

from schemas.vocabulary import KINDS, RELATIONS
from service.storage.database import database
from service.storage.knowledge import Window, by_head, by_tail, current, holds, naming, within
from service.storage.models import KIND_CODES, Edge, Record, Revision


class Selection(NamedTuple):
    """What part of the graph is wanted. Empty sequences, and None, leave a filter out.

    ``stating`` are the revisions that are to state the edges (``involving``), ``near`` the keys of the
    records that are to be at their ends (``around``).
    """

    kinds: Sequence[str]
    relations: Sequence[str] = ()
    window: Window = Window()
    stating: Collection[int] | None = None
    near: Collection[int] | None = None

    @property
    def all_kinds(self) -> bool:
        """Whether a condition on kinds would be idle: SQLite would start from it, and sort what it finds."""
        return set(self.kinds) == set(KINDS)

    @property
    def narrowed(self) -> bool:
        """Whether only records at an end of an edge are wanted."""
        return bool(self.relations or self.window != Window() or self.stating is not None)


NodeRow = tuple[str, str | None, bytes | None, str, str | None, str | None, int, int]
"""A record: id, label, document, kind, type, status, earliest, latest. The document is there where its label
is not at hand: at an earlier revision. No named tuple: to make them takes half as long as the query.
"""

EdgeRow = tuple[str, str, str, str, int | None, str | None, str | None, str, int, int]
"""An edge: its id, those of its tail and its head, relation, stance, status, attributes, the id of the record
that states it, earliest, latest.
"""


def nodes(selection: Selection, at: int | None) -> Iterator[NodeRow]:
    """The records of the selection, in the order they were first recorded."""
    return cast(Iterator[NodeRow], _rows(_node_query(selection, at)))


def edges(selection: Selection, at: int | None) -> Iterator[EdgeRow]:
    """The edges of the selection between its nodes, in the order they were stated."""
    return cast(Iterator[EdgeRow], _rows(_edge_query(selection, at)))


def _rows(query: Any) -> Iterator[tuple[Any, ...]]:
    """The rows as the database gives them. Converting each column by its field took longer than the query."""
    return cast(Iterator[tuple[Any, ...]], database.rows(query))


def _word(column: Any, codes: Mapping[str, int]) -> Any:
    """The word that a column's code stands for: the database looks it up faster than Python."""
    return Case(column, [(code, word) for word, code in codes.items()])


def size(selection: Selection, at: int | None) -> int:
    """How many nodes and edges there are, together."""
    return int(_node_query(selection, at).count() + _edge_query(selection, at).count())


def _node_query(selection: Selection, at: int | None) -> Any:
    conditions = [Record.revision.is_null(False)] if at is None else []
    if not selection.all_kinds:
        conditions.append(Record.kind.in_(selection.kinds))
    if selection.narrowed:
        wanted = _edges(selection, at)
        if selection.near is None:
            conditions.append(Record.key.in_(wanted.select(Edge.tail) | wanted.select(Edge.head)))
        else:
            # Of few records the first such edge of each will do: of some there are very many.
            stating = Edge.revision == (Record.revision if at is None else Revision.seq)
            parts = _touching(wanted, Edge.tail == Record.key, Edge.head == Record.key, stating)
            conditions.append(reduce(operator.or_, (fn.EXISTS(part.select(SQL("1"))) for part in parts)))
    if selection.near is not None:
        conditions.append(database.one_of(Record.key, selection.near))
    table = Record if at is None else Revision
    known = (Record.label, SQL("NULL")) if at is None else (SQL("NULL"), Revision.document)
    query = Record.select(
        Record.id,
        *known,
        _word(Record.kind, KIND_CODES),
        table.type,
        table.status,
        table.earliest,
        table.latest,
    ).order_by(Record.key)
    if at is not None:
        query = query.join(Revision, on=current(Record, Revision, at))
    return query.where(*conditions) if conditions else query


def _edge_query(selection: Selection, at: int | None) -> Any:
    tail, head, record = Record.alias("tail_record"), Record.alias("head_record"), Record.alias("stating")
    query = (
        _edges(selection, at)
        .select(
            fn.CONCAT(Edge.revision, SQL("'-'"), Edge.ordinal),
            tail.id,
            head.id,
            _word(Edge.relation, RELATIONS),
            Edge.stance,
            Edge.status,
            Edge.attributes,
            record.id,
            Edge.earliest,
            Edge.latest,
        )
        .join(tail, on=(tail.key == Edge.tail))
        .join_from(Edge, head, on=(head.key == Edge.head))
        .join_from(Edge, record, on=(record.key == Edge.record))
        .order_by(Edge.revision, Edge.ordinal)
    )
    if not selection.all_kinds:
        query = query.where(tail.kind.in_(selection.kinds), head.kind.in_(selection.kinds))
    return query if selection.near is None else _between(query, selection, selection.near, at)


def _between(query: Any, selection: Selection, near: Collection[int], at: int | None) -> Any:
    """The query's edges from one of these records to another.

    Not by their ends: who speaks much is in most neighbourhoods, and all that leads out of them would be
    read. A document's edges lie together, and one of their ends is the record whose document it is; but for
    positions, whose ends are an actor and an issue, and which have an index by both.
    """
    kinds = dict(_rows(Record.select(Record.key, Record.kind).where(database.one_of(Record.key, near))))
    actors, issues = (
        [key for key, code in kinds.items() if code == KIND_CODES[kind]] for kind in ("actor", "issue")
    )
    stated, held = Edge.alias("stated"), Edge.alias("held")
    found = stated.select(stated.revision, stated.ordinal, stated.since).where(
        stated.revision.in_(_now(near, at)),
        database.one_of(stated.tail, near),
        database.one_of(stated.head, near),
    )
    found |= held.select(held.revision, held.ordinal, held.since).where(
        held.stance.is_null(False),
        _wanted(held, selection),
        database.one_of(held.tail, actors),
        database.one_of(held.head, issues),
    )
    found = found.alias("found")
    its = (
        (found.c.revision == Edge.revision)
        & (found.c.ordinal == Edge.ordinal)
        & (found.c.since == Edge.since)
    )
    return query.join_from(Edge, found, on=its)


def _edges(selection: Selection, at: int | None) -> Any:
    conditions = [holds(Edge, at), _wanted(Edge, selection)]
    since, until, as_of = selection.window
    conditions += within(Edge, Window(since, until))
    if as_of is not None:
        # A membership is a state: as of a date it counts if it held then, not if it was over.
        happened = reduce(operator.and_, within(Edge, Window(as_of=as_of)))
        held = (Edge.earliest <= as_of) & (Edge.latest >= as_of)
        lasting = Edge.relation == "member-of"
        conditions.append((lasting & held) | (~lasting & happened))
    if at is not None:
        # In a store that an export was restored into, a record may be older than what it names.
        known = Revision.alias("known")
        for end in (Edge.tail, Edge.head):
            there = known.select(SQL("1")).where(known.record == end, known.seq <= at)
            conditions.append((end == Edge.record) | fn.EXISTS(there))
    if selection.stating is not None:
        # Where records are looked at one by one, no index is to be read by all of these for each.
        revision = Edge.revision if selection.near is None else Edge.revision + SQL("0")
        conditions.append(database.one_of(revision, selection.stating))
    return Edge.select().where(*conditions)


def _wanted(edge: Any, selection: Selection) -> Any:
    """The condition that an edge is of a relation that is asked for."""
    return edge.relation.in_(selection.relations) if selection.relations else edge.relation != "merged-into"


def involving(keys: Sequence[int], at: int | None) -> set[int]:
    """The revisions that these records are, and all that name one of them: where their edges lie together."""
    naming_it = Edge.select(Edge.revision).where(naming(Edge, keys) & holds(Edge, at))
    return {*chain.from_iterable(_rows(naming_it + _now(keys, at)))}


def around(key: int, hops: int, selection: Selection, at: int | None) -> set[int]:
    """The keys of all records that ``hops`` edges or fewer lead to, in whatever direction."""
    found = last = {key}
    for _ in range(hops):
        edges = _edges(selection._replace(stating=None), at).select(Edge.tail, Edge.head)
        tail, head = database.one_of(Edge.tail, last), database.one_of(Edge.head, last)
        parts = _touching(edges, tail, head, Edge.revision.in_(_now(last, at)))
        last = {*chain.from_iterable(_rows(reduce(operator.add, parts)))} - found
        found = found | last
    return found


def _touching(query: Any, tail: Any, head: Any, stating: Any) -> list[Any]:
    """The query's edges of which one of the ends is, as these conditions say: some more than once.

    Each part is read from an index; ``stating`` is the condition that the end's own document states the edge.
    """
    ways = by_tail(Edge) & tail, by_head(Edge) & head, stating & (tail | head)
    return [query.where(way) for way in ways]


def _now(keys: Collection[int], at: int | None) -> Any:
    """The revisions that the records of these keys are: those of them that exist."""
    these = database.one_of(Record.key, keys)
    if at is None:
        return Record.select(Record.revision).where(these, Record.revision.is_null(False))
    return Record.select(Revision.seq).join(Revision, on=current(Record, Revision, at)).where(these)
