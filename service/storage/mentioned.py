"""Records that others name: on a page of a hundred entries some hundred, and the same few thousand on most.

Each worker keeps those that were named last, as they are in the newest state of the store that it has seen.
When it sees a newer one it lets go of what was written in between.
"""

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any, NamedTuple

from service.storage.knowledge import named_then
from service.storage.models import Record, Revision
from service.storage.prepared import padded, prepared
from service.storage.records import State, resolve, state
from service.storage.rows import IDS_AT_ONCE, parts

MOST = 6_000
"""Records named last that are kept for sure, and as many from before: some 7 MB, of 300 bytes a document."""
WRITTEN = 1_000
"""Revisions that are looked through for what is to be let go: where there are more, it is all."""


class Named(NamedTuple):
    """A record that another one names, as it is."""

    id: str
    document: bytes


def records(ids: Iterable[str], at: int | None) -> dict[str, Named]:
    """The records that documents name, by the id that they name them by. In a read transaction.

    What was merged into another is that other one, under both ids.
    """
    wanted = set(ids)
    found = _existing(wanted, at)
    gone = [id for id in wanted if id not in found]
    became = {id: one.merged_into for id, one in resolve(gone, at).items() if one.merged_into} if gone else {}
    found.update(_existing({*became.values()}, at))
    return found | {id: found[into] for id, into in became.items() if into in found}


def _existing(ids: set[str], at: int | None) -> dict[str, Named]:
    if not ids:
        return {}
    if at is not None:
        return _read(ids, at)
    now = state()
    found = _kept.find(ids, now)
    if len(found) < len(ids):
        read = _read(ids - found.keys(), None)
        _kept.keep(read, now)
        found |= read
    return found


def _read(ids: Iterable[str], at: int | None) -> dict[str, Named]:
    return {
        id: Named(id, document)
        for some in parts(sorted(ids), IDS_AT_ONCE)
        for id, document in _current(ids=padded(some), at=at)
    }


@prepared
def _current(*, ids: tuple[str, ...], at: int | None) -> Any:
    return (
        Record.select(Record.id, Revision.document)
        .join(Revision, on=named_then(Record, Revision, at))
        .where(Record.id.in_(ids))
    )


@prepared
def _written(*, since: int, most: int) -> Any:
    query = Revision.select(Revision.seq, Revision.hash, Record.id)
    query = query.join(Record, on=(Record.key == Revision.record)).where(Revision.seq >= since)
    return query.order_by(Revision.seq).limit(most)


class _Kept:
    """Records as they are in one state of the store."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._state = State(0, b"")
        self._records: dict[str, Named] = {}
        self._before: dict[str, Named] = {}
        """Those that were named longer ago: the next to go, unless they are named again."""

    def find(self, ids: set[str], now: State) -> dict[str, Named]:
        """Those of the records that are at hand, as they are in the state that the caller reads."""
        before = self._state
        if now != before and now.revision > before.revision:
            self._go_on(before, now)
        with self._lock:
            if now != self._state:
                return {}  # Who reads an older state than somebody else has read goes without.
            again = {id: self._before.pop(id) for id in ids & self._before.keys()}
            found = {id: self._records[id] for id in ids & self._records.keys()} | again
            self._add(again)
            return found

    def keep(self, read: Mapping[str, Named], now: State) -> None:
        """Keep what was read in this state, unless another one has been seen since."""
        with self._lock:
            if now == self._state:
                self._add(read)

    def _add(self, records: Mapping[str, Named]) -> None:
        if len(self._records) + len(records) > MOST:
            self._records, self._before = {}, self._records
        self._records.update(records)

    def _go_on(self, before: State, now: State) -> None:
        rows = _written(since=before.revision, most=WRITTEN) if self._records or self._before else []
        # That this state comes after that one, and is of no other store, the hash of its revision says.
        follows = bool(rows) and before == (rows[0][0], bytes(rows[0][1]))
        with self._lock:
            if self._state != before:
                return
            if follows and len(rows) < WRITTEN:
                for _, _, id in rows:
                    self._records.pop(id, None)
                    self._before.pop(id, None)
            else:
                self._records, self._before = {}, {}
            self._state = now


_kept = _Kept()
