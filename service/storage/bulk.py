"""Filling an empty store with a million rows in half a minute: for benchmarks only.

Nothing is checked but foreign keys, and on a server not even those. What is written has to be what
``service.recording`` would have written, row for row and word for word; a test compares the two.
"""

from collections.abc import Iterable

from service.storage import search
from service.storage.database import database, writing
from service.storage.embedded import Embedded
from service.storage.models import Base, Edge, Record, Revision
from service.storage.rows import Row, insert
from service.storage.words import Words
from service.storage.writing import NewRevision, record_row, revision_row


def append(revisions: Iterable[NewRevision], edges: Iterable[Row], texts: Iterable[Words]) -> None:
    """Add revisions of records that are not there yet, edge rows as ``writing.edge_row`` makes them, and what
    search is to know of the records.
    """
    made = list(revisions)
    embedded = isinstance(database.obj, Embedded)
    put = insert if embedded else _copy
    with writing():
        if not embedded:
            database.execute_sql("SET LOCAL session_replication_role = replica")  # no look at foreign keys
        put(Record, map(record_row, made))
        put(Revision, map(revision_row, made))
        put(Edge, edges)
        if embedded:
            search.learn(texts)
            return
        from service.storage import tsvector

        put(tsvector.Search, ((key, tsvector.vector(*columns)) for key, *columns in texts))


def _copy(model: type[Base], rows: Iterable[Row]) -> None:
    """Add rows by COPY, which a server takes many times as fast."""
    columns = ", ".join(f'"{field.column_name}"' for field in model._meta.sorted_fields)
    with database.cursor().copy(f'COPY "{model._meta.table_name}" ({columns}) FROM STDIN') as stream:
        for row in rows:
            stream.write_row(row)
