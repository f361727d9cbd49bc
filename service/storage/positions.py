"""Positions held and attributed: the edges that carry a stance, in date order, and what came before each."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from peewee import SQL, Select

from schemas.vocabulary import STANDING
from service.storage.knowledge import (
    Key,
    Window,
    among,
    beyond,
    by_head,
    by_tail,
    first_of,
    holds,
    ways,
    within,
)
from service.storage.models import Edge, Record, Revision
from service.storage.prepared import padded, prepared

ORDER = ("earliest", "latest", "id", "place")
CARRIED = (
    *("revision", "ordinal", "place", "relation", "tail", "head"),
    *("stance", "status", "earliest", "latest", "attributes"),
)
"""The columns of an edge that are an `Entry`'s, in its order."""


class Entry(NamedTuple):
    """One position, and the document of the statement that is its evidence. Holder and issue are keys."""

    revision: int
    ordinal: int
    place: int
    relation: str
    holder: int
    issue: int
    stance: int
    status: str
    earliest: int
    latest: int
    attributes: str | None
    statement: str
    document: bytes

    @property
    def position(self) -> Key:
        """Where it stands in the order."""
        return self.earliest, self.latest, self.statement, self.place


def history(
    relations: Sequence[str],
    holders: Sequence[int],
    issues: Sequence[int],
    statuses: Sequence[str],
    *,
    at: int | None,
    window: Window,
    after: Key | None,
    limit: int,
) -> list[Entry]:
    """Positions of the holders on the issues (an empty sequence: of all) in order, from ``after`` on."""
    rows = _history(
        tuple(relations),
        tuple(statuses),
        limit,
        holders=tuple(holders),
        issues=tuple(issues),
        at=at,
        window=window,
        after=after,
    )
    words = Edge.relation.words
    return [Entry._make((*row[:3], words[row[3]], *row[4:])) for row in rows]


@prepared
def _history(
    relations: tuple[str, ...],
    statuses: tuple[str, ...],
    limit: int,
    *,
    holders: tuple[int, ...],
    issues: tuple[int, ...],
    at: int | None,
    window: Window,
    after: Key | None,
) -> Any:
    # The index of stances is for both ends: with one, its rows are in no order of dates. The planner would
    # read all of them by it and sort, unless the column is made such that no index has.
    stated = Edge.stance if holders and issues else Edge.stance + SQL("0")
    streams = []
    for relation in relations:
        conditions = [Edge.relation == relation, holds(Edge, at), stated.is_null(False)]
        conditions += [by_tail(Edge) & among(Edge.tail, holders)] if holders else []
        conditions += [by_head(Edge) & among(Edge.head, issues)] if issues else []
        conditions.append(Edge.status.in_(statuses))
        if after is not None:
            conditions.append(beyond((Edge.earliest, Edge.latest, Record.id, Edge.place), after))
        columns = [getattr(Edge, name).alias(name) for name in CARRIED]
        query = Edge.select(*columns, Record.id.alias("id")).join(Record, on=(Record.key == Edge.record))
        streams += [query.where(*dated, *conditions) for dated in ways(Edge, window)]
    # The documents last: of those only that the page holds, where more were sorted.
    top = first_of(streams, ORDER, limit, apart=True)
    return (
        Select((top,), (SQL("page.*"), Revision.document))
        .join(Revision, on=(Revision.seq == top.c.revision))
        .order_by(*(getattr(top.c, name) for name in ORDER))
    )


class Previous(NamedTuple):
    """The own position that a holder had stated before."""

    stance: int
    statement: str


def previous(
    entries: Sequence[Entry], *, at: int | None, as_of: int | None
) -> dict[tuple[int, int], Previous]:
    """By revision and ordinal: the holder's own standing position just before each entry, if any."""
    return {
        (revision, ordinal): Previous(stance, statement)
        for revision, ordinal, stance, statement in _previous(
            revisions=padded([entry.revision for entry in entries]), at=at, as_of=as_of
        )
        if statement is not None
    }


@prepared
def _previous(*, revisions: tuple[int, ...], at: int | None, as_of: int | None) -> Any:
    here, at_it = Edge.alias("here"), Record.alias("at_it")
    before, said = Edge.alias("before"), Record.alias("said")
    earlier = (before.earliest <= here.earliest) & (
        (before.earliest < here.earliest)
        | (before.latest < here.latest)
        | ((before.latest == here.latest) & (said.id < at_it.id))
        | ((before.latest == here.latest) & (said.id == at_it.id) & (before.place < here.place))
    )
    last = (
        before.select()
        .join(said, on=(said.key == before.record))
        .where(
            before.tail == here.tail,
            before.head == here.head,
            before.relation == "position",
            before.stance.is_null(False),
            before.status.in_(STANDING),
            holds(before, at),
            earlier,
            *within(before, Window(as_of=as_of)),
        )
        .order_by(before.earliest.desc(), before.latest.desc(), said.id.desc(), before.place.desc())
        .limit(1)
    )
    return (
        here.select(here.revision, here.ordinal, last.select(before.stance), last.select(said.id))
        .join(at_it, on=(at_it.key == here.record))
        .where(here.revision.in_(revisions), here.stance.is_null(False), holds(here, at))
    )
