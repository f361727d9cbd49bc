"""The whole store as rows to be copied elsewhere, in the order of revisions.

What was known at a revision never changes. So a copy is read in parts, each by itself: however long its
reader takes, no transaction stays open for it, and it holds together all the same.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from peewee import SQL, fn

from service.storage.database import reading
from service.storage.knowledge import merged
from service.storage.models import KIND_CODES, Edge, Revision
from service.storage.records import VERSION, Version

ROWS_AT_ONCE = 1_000


def documents(kinds: Sequence[str], at: int) -> Iterator[bytes]:
    """Every record's document as of the revision ``at``: of a merged one, what it was merged into.

    One that was merged into what has been deleted since is no more to be found than that.
    """
    query = _newest(kinds, at).select(Revision.seq, Revision.document)
    for rows in _parts(query):
        for _, document in rows:
            yield bytes(document)


def revisions(at: int) -> Iterator[Version]:
    """Every revision up to ``at``."""
    query = Revision.select(*VERSION).where(Revision.seq <= at)
    for rows in _parts(query):
        for row in rows:
            yield Version._make((*row[:5], bytes(row[5]), bytes(row[6])))


def size(kinds: Sequence[str], at: int) -> int:
    """How many documents there are."""
    with reading():
        return int(_newest(kinds, at).count())


def _newest(kinds: Sequence[str], at: int) -> Any:
    newer = Revision.alias("newer")
    later = (newer.record == Revision.record) & (newer.version == Revision.version + 1) & (newer.seq <= at)
    return Revision.select().where(
        Revision.seq <= at,
        Revision.action != "deleted",
        # As a sum no index has it: SQLite would read all of these kinds for each part, and sort them.
        (Revision.kind + SQL("0")).in_([KIND_CODES[kind] for kind in kinds]),
        ~fn.EXISTS(newer.select(SQL("1")).where(later)),
        (Revision.action != "merged") | ~fn.EXISTS(_leads_nowhere(at)),
    )


def _leads_nowhere(at: int) -> Any:
    """The edge by which a revision's record was merged into one that has been deleted."""
    link, last, newest = Edge.alias("link"), Revision.alias("last"), Revision.alias("newest")
    newest_of_it = newest.select(fn.MAX(newest.seq)).where((newest.record == link.head) & (newest.seq <= at))
    return (
        link.select(SQL("1"))
        .join(last, on=(last.seq == newest_of_it))
        .where(
            link.tail == Revision.record,
            merged(link, at),
            last.action == "deleted",
        )
    )


def _parts(query: Any) -> Iterator[list[tuple[Any, ...]]]:
    after = 0
    while True:
        with reading():
            part = query.where(Revision.seq > after).order_by(Revision.seq).limit(ROWS_AT_ONCE)
            rows = list(part.tuples())
        yield rows
        if len(rows) < ROWS_AT_ONCE:
            return
        after = rows[-1][0]
