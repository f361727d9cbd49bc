"""Revisions in the order that they were recorded in, whatever record they are of."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from schemas.vocabulary import KINDS
from service.storage.models import Record, Revision
from service.storage.records import VERSION


class Changed(NamedTuple):
    """One revision of any record."""

    revision: int
    id: str
    kind: str
    version: int
    action: str
    recorded_at: int
    recorded_by: str
    hash: bytes
    document: bytes


def between(
    after: int, until: int, kinds: Sequence[str], limit: int, *, newest_first: bool = False
) -> list[Changed]:
    """The revisions after ``after``, up to and with ``until``, of these kinds (none: of all)."""
    conditions = [Revision.seq > after, Revision.seq <= until]
    if kinds:
        kind: Any = Revision.kind
        # Plus nothing, so that SQLite reads the span in its order and not, by an index, all of the kinds.
        conditions.append((kind + 0).in_([KINDS[name].code for name in kinds]))
    query = (
        Revision.select(VERSION[0], Record.id, Revision.kind, *VERSION[1:])
        .join(Record, on=(Record.key == Revision.record))
        .where(*conditions)
        .order_by(Revision.seq.desc() if newest_first else Revision.seq)
        .limit(limit)
    )
    return [Changed._make(row) for row in query.tuples()]
