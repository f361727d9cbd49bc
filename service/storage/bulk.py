"""Filling an empty store with a million rows in half a minute: for benchmarks only.

Nothing is checked but foreign keys, and full-text search learns nothing of it. What is written has to be
what ``service.recording`` would have written, row for row; a test compares the two.
"""

from collections.abc import Iterable
from typing import Any

from service.storage.database import writing
from service.storage.models import Edge, Record, Revision
from service.storage.rows import insert
from service.storage.writing import NewRevision


def append(revisions: Iterable[NewRevision], edges: Iterable[dict[str, Any]]) -> None:
    """Add revisions of records that are not there yet, and edge rows as ``writing.edge_row`` makes them."""
    rows = [revision._asdict() for revision in revisions]
    with writing():
        insert(Record, ({**row, "revision": row["seq"]} for row in rows))
        insert(Revision, ({**row, "record": row["key"]} for row in rows))
        insert(Edge, edges)
