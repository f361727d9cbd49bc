"""Filling an empty store with a million rows in half a minute: for benchmarks only.

Nothing is checked but foreign keys, and full-text search learns nothing of it. What is written has to be
what ``service.recording`` would have written, row for row; a test compares the two.
"""

from collections.abc import Iterable
from typing import Any

from service.storage.database import database, told, writing
from service.storage.models import Edge, Record, Revision
from service.storage.rows import insert
from service.storage.writing import NewRevision

CACHE_KIBIBYTES = 256 * 1024
"""Rows come in no order that the indexes have: with the usual 2 MiB the time goes into their pages."""


def prepare() -> None:
    """Let this connection keep more of the file in memory. Call it once, before the first rows."""
    with told():
        database.execute_sql(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")


def append(revisions: Iterable[NewRevision], edges: Iterable[dict[str, Any]]) -> None:
    """Add revisions of records that are not there yet, and edge rows as ``writing.edge_row`` makes them."""
    rows = [revision._asdict() for revision in revisions]
    with writing():
        insert(Record, ({**row, "revision": row["seq"]} for row in rows))
        insert(Revision, ({**row, "record": row["key"]} for row in rows))
        insert(Edge, edges)
