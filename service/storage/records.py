"""Single records, and what is known of them: as they are, or as they were at a revision."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from peewee import JOIN, fn

from service.storage.database import asking, once, scalar, seen
from service.storage.knowledge import current, holds, merged
from service.storage.models import Edge, Record, Revision
from service.storage.prepared import padded, prepared
from service.storage.rows import IDS_AT_ONCE, parts


class Version(NamedTuple):
    """One revision of one record."""

    revision: int
    version: int
    action: str
    recorded_at: int
    recorded_by: str
    hash: bytes
    document: bytes


VERSION = (
    Revision.seq,
    Revision.version,
    Revision.action,
    Revision.recorded_at,
    Revision.recorded_by,
    Revision.hash,
    Revision.document,
)
"""The columns of a `Version`."""


class Resolved(NamedTuple):
    """What an id stands for: the key of its record, or of the one that this was merged into."""

    key: int
    kind: str
    exists: bool
    merged_into: str | None


class State(NamedTuple):
    """The whole state of a store: the number of its newest revision, and the hash that all of it is in."""

    revision: int
    hash: bytes


class Found(NamedTuple):
    """A record's document, its version, and the state of the store that it was found in."""

    version: int
    document: bytes
    state: State


def state() -> State:
    """What the store is like now. Two that are equal have the same history, also where one was restored."""
    return once(_state)


def _state() -> State:
    with asking():
        rows = _newest()
    return _seen(*rows[0]) if rows else _seen(0, b"")


def _seen(seq: int, hash: bytes) -> State:
    seen(seq)
    return State(seq, bytes(hash))


@prepared
def _newest() -> Any:
    return Revision.select(Revision.seq, Revision.hash).where(_last(Revision))


def _last(revision: Any) -> Any:
    """The condition that it is the newest of all."""
    every = Revision.alias("every")
    return revision.seq == every.select(fn.MAX(every.seq))


def latest() -> int:
    """The number of the newest revision: the whole state of the store. 0 when there is none."""
    found = scalar(Revision.select(fn.MAX(Revision.seq))) or 0
    seen(found)
    return found


def revision_at(microseconds: int) -> int:
    """The last revision recorded by that instant; 0 when there was none yet."""
    with asking():
        found = _recorded_by(moment=microseconds)
    return found[0][0] if found else 0


@prepared
def _recorded_by(*, moment: int) -> Any:
    query = Revision.select(Revision.seq).where(Revision.recorded_at <= moment)
    # Recorded instants grow with the numbers, so the newest instant is the newest revision of it.
    return query.order_by(Revision.recorded_at.desc(), Revision.seq.desc()).limit(1)


def recorded_at(at: int | None) -> int:
    """When the revision was recorded, in microseconds since 1970; None for the newest. 0 if there is none."""
    query = Revision.select(fn.MAX(Revision.recorded_at))
    return scalar(query if at is None else query.where(Revision.seq == at)) or 0


def one(id: str, kind: str, at: int | None) -> Found | None:
    """The record of that id and kind, or None if it does not exist at ``at``."""
    for version, document, *newest in _one(kind, id=id, at=at):
        return Found(version, bytes(document), _seen(*newest))
    return None


@prepared
def _one(kind: str, *, id: str, at: int | None) -> Any:
    last = Revision.alias("last")
    return (
        Record.select(Revision.version, Revision.document, last.seq, last.hash)
        .join(Revision, on=current(Record, Revision, at))
        .join_from(Record, last, on=_last(last))
        .where((Record.id == id) & (Record.kind == kind))
    )


def key(id: str, kind: str) -> int | None:
    """The key of a record that exists or did."""
    found = _key(kind, id=id)
    return found[0][0] if found else None


@prepared
def _key(kind: str, *, id: str) -> Any:
    return Record.select(Record.key).where((Record.id == id) & (Record.kind == kind))


def resolve(ids: Iterable[str], at: int | None) -> dict[str, Resolved]:
    """What each id stands for at ``at``. Ids that no record ever had are left out."""
    word = Record.kind.python_value
    return {
        id: Resolved(key if into is None else into_key, word(kind), revision is not None, into)
        for some in parts(ids, IDS_AT_ONCE)
        for id, key, kind, into_key, into, revision in _resolved(ids=padded(some), at=at)
    }


@prepared
def _resolved(*, ids: tuple[str, ...], at: int | None) -> Any:
    merge, target, now = Edge.alias("merge"), Record.alias("target"), Revision.alias("now")
    return (
        Record.select(Record.id, Record.key, Record.kind, target.key, target.id, now.seq)
        .join(merge, JOIN.LEFT_OUTER, on=((merge.tail == Record.key) & merged(merge, at)))
        .join(target, JOIN.LEFT_OUTER, on=(target.key == merge.head))
        .join_from(Record, now, JOIN.LEFT_OUTER, on=current(Record, now, at))
        .where(Record.id.in_(ids))
    )


def versions(key: int, at: int | None, after: int, limit: int) -> list[Version]:
    """A record's past, oldest first, from the version after ``after`` on."""
    conditions = [Revision.record == key, Revision.version > after]
    if at is not None:
        conditions.append(Revision.seq <= at)
    query = Revision.select(*VERSION).where(*conditions).order_by(Revision.version).limit(limit)
    return [Version._make(row) for row in query.tuples()]


def current_of(kinds: Sequence[str]) -> Iterator[bytes]:
    """The documents of all records of these kinds, by kind and id, read as they are asked for."""
    query = (
        Record.select(Revision.document)
        .join(Revision, on=(Revision.seq == Record.revision))
        .where(Record.kind.in_(list(kinds)))
        .order_by(Record.kind, Record.id)
    )
    for (document,) in query.tuples().iterator():
        yield bytes(document)


def descendants(key: int, at: int | None) -> tuple[int, ...]:
    """The keys of a track and of all its sub-tracks, at any depth."""
    # Read from the tracks, which are few, not from what is part of them, which is much.
    query = (
        Record.select(Edge.head, Record.key)
        .join(Revision, on=current(Record, Revision, at))
        .join(Edge, on=(Edge.revision == Revision.seq))
        .where((Record.kind == "track") & (Edge.relation == "part-of") & holds(Edge, at))
    )
    below: dict[int, list[int]] = {}
    for parent, child in query.tuples():
        below.setdefault(parent, []).append(child)
    found = {key}
    waiting = [key]
    while waiting:
        new = [child for child in below.get(waiting.pop(), ()) if child not in found]
        found.update(new)
        waiting += new
    return tuple(sorted(found))
