"""What every question has: what part of the past it asks for, which page, whose record it is about."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import orjson

from schemas.vocabulary import IMPLIED, REFERENCES, Reference
from service.diplomacy.dates import END
from service.errors import Moved, NotFound
from service.storage import database, records
from service.storage.knowledge import Window
from service.storage.mentioned import Named
from service.storage.records import State

Answer = dict[str, Any]
Position = tuple[Any, ...]
"""Where a page ended: the sort key of its last entry."""

INCLUDED = ("actor", "source", "issue")
"""The kinds of record whose names a reader of an entry needs."""


class Page(NamedTuple):
    """One page of an answer; ``position`` is where the next one goes on from, None at the end."""

    items: list[Answer]
    position: Position | None
    included: Mapping[str, orjson.Fragment] | None = None


class Span(NamedTuple):
    """What part of the past is asked for: dates in seconds, ``known_at`` in microseconds since 1970."""

    since: int | None = None
    until: int | None = None
    as_of: int | None = None
    known_at: int | None = None

    @property
    def window(self) -> Window:
        # Up to an open end there is all that has a date: what has none comes after it.
        until, as_of = (end if end is None else min(end, END - 1) for end in (self.until, self.as_of))
        return Window(self.since, until, as_of)


class Paging(NamedTuple):
    """How many entries, after which one."""

    limit: int
    after: Position | None = None


def not_before(revision: int) -> None:
    """What this thread asks from here on is answered from a state that has the revision (``state``)."""
    database.not_before(revision)


def age() -> float | None:
    """How many seconds old, at most, what was last read from a standby was; None: nothing was."""
    return database.age()


def at_once() -> AbstractContextManager[None]:
    """Questions that are asked meanwhile are answered from one state of the store."""
    return database.reading()


def present() -> State:
    """The newest revision: as long as it is the same, so is every answer."""
    return records.state()


def state() -> int:
    """The number of the newest revision."""
    return present().revision


def revision_at(known_at: int | None) -> int | None:
    """The revision that was the newest at that instant; None for what is current."""
    return None if known_at is None else records.revision_at(known_at)


def as_asked(at: int | None, then: int) -> int | None:
    """The revision to go on at, in a read transaction after the one in which the newest was ``then``.

    ``at`` as it was, unless something has been recorded since: an answer is of the state that its tag names.
    """
    return then if at is None and state() != then else at


def resolved_ids(ids: Iterable[str], at: int | None) -> dict[str, records.Resolved]:
    """What each of the ids stands for at the revision."""
    wanted = set(ids)
    return records.resolve(wanted, at) if wanted else {}


def required(kind: str, id: str, resolved: Mapping[str, records.Resolved], at: int | None) -> int:
    """The key of the record of that kind and id. Raises NotFound, or Moved if it was merged."""
    found = resolved.get(id)
    if found is None or found.kind != kind or not found.exists:
        raise missing(kind, id, at)
    return found.key


def named(kind: str, id: str, resolved: Mapping[str, records.Resolved], at: int | None) -> int:
    """The key of what a parameter names: as ``required``, but what was merged stands for what it became."""
    found = resolved.get(id)
    if found and found.kind == kind and found.merged_into:
        id, resolved = found.merged_into, records.resolve([found.merged_into], at)
    return required(kind, id, resolved, at)


def missing(kind: str, id: str, at: int | None) -> NotFound | Moved:
    """Why there is no such record: NotFound, or Moved."""
    found = records.resolve([id], at).get(id)
    if found and found.kind == kind and found.merged_into:
        return Moved(kind, id, found.merged_into)
    then = "" if at is None else " as of then"
    return NotFound(f"There is no {kind} {id!r}{then}.")


def ends(kinds: Sequence[str], fits: Callable[[Reference], bool]) -> tuple[tuple[str, bool], ...]:
    """The edges by which records of these kinds name others, where the reference fits.

    Not those that follow from another of them.
    """
    named = {
        (relation, reference.incoming)
        for kind in kinds
        for reference in REFERENCES[kind]
        if fits(reference)
        for relation in reference.relations
    }
    return tuple(sorted(end for end in named if (IMPLIED.get(end[0]), end[1]) not in named))


def keys_of(
    ids: Sequence[str], kinds: Collection[str], resolved: Mapping[str, records.Resolved]
) -> tuple[int, ...]:
    """The keys of those of the ids that are of one of the kinds."""
    return tuple(sorted({resolved[id].key for id in ids if id in resolved and resolved[id].kind in kinds}))


def page_of(entries: Sequence[tuple[Any, Position]], paging: Paging, more: bool | None = None) -> Page:
    """The page that ``entries`` make, of which one more was read than it holds."""
    shown = entries[: paging.limit]
    goes_on = len(entries) > paging.limit if more is None else more
    return Page([item for item, _ in shown], shown[-1][1] if goes_on and shown else None)


def fragments(included: Mapping[str, Named]) -> dict[str, orjson.Fragment]:
    """Stored documents as they go into an answer, by id."""
    return {id: orjson.Fragment(one.document) for id, one in sorted(included.items())}
