"""Filling an empty store with a million rows in half a minute: for benchmarks only.

Nothing is checked but foreign keys. What is written has to be what ``service.recording`` would have written,
row for row and word for word; a test compares the two.
"""

from collections.abc import Iterable

from service.storage import search
from service.storage.database import writing
from service.storage.models import Edge, Record, Revision
from service.storage.rows import Row, insert
from service.storage.writing import NewRevision, record_row, revision_row


def append(
    revisions: Iterable[NewRevision], edges: Iterable[Row], texts: Iterable[tuple[int, str, str, str]]
) -> None:
    """Add revisions of records that are not there yet, edge rows as ``writing.edge_row`` makes them, and what
    search is to know of the records: key, label, names, text.
    """
    made = list(revisions)
    with writing():
        insert(Record, map(record_row, made))
        insert(Revision, map(revision_row, made))
        insert(Edge, edges)
        search.learn(texts)
