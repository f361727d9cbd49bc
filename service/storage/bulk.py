"""Filling an empty store with a million rows in half a minute: for benchmarks only.

Nothing is checked but foreign keys, and full-text search learns nothing of it. What is written has to be
what ``service.recording`` would have written, row for row; a test compares the two.
"""

from collections.abc import Iterable

from service.storage.database import writing
from service.storage.models import Edge, Record, Revision
from service.storage.rows import Row, insert
from service.storage.writing import NewRevision, record_row, revision_row


def append(revisions: Iterable[NewRevision], edges: Iterable[Row]) -> None:
    """Add revisions of records that are not there yet, and edge rows as ``writing.edge_row`` makes them."""
    made = list(revisions)
    with writing():
        insert(Record, map(record_row, made))
        insert(Revision, map(revision_row, made))
        insert(Edge, edges)
