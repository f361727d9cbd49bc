"""The floor of an import: the rows that it made, put into the same empty tables, and nothing else.

``python -m scripts.benchmark.raw_rows HOME`` reads the rows of the store in that data folder and writes them
to the store that the settings name; it prints the seconds that the writing took, without the reading.
"""

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import apsw
import orjson

from service import settings
from service.diplomacy import documents
from service.storage.words import MARK

BATCH = 10_000
TABLES = ("record", "revision", "edge")
Rows = list[tuple[Any, ...]]


def copied(source: Path, target: Path) -> float:
    """Seconds to write the rows of one database into the tables of another, in one transaction."""
    reader = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
    writer = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)
    writer.execute("PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA cache_size = -131072")
    spent = _timed(lambda: writer.execute("BEGIN IMMEDIATE"))
    for sql, rows in _inserts(reader):
        while batch := [*islice(rows, BATCH)]:
            spent += _timed(partial(writer.executemany, sql, batch))
    return spent + _timed(lambda: writer.execute("COMMIT"))


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _inserts(reader: apsw.Connection) -> Iterator[tuple[str, Iterator[tuple[Any, ...]]]]:
    for table in TABLES:
        rows = reader.execute(f"SELECT * FROM {table}")  # noqa: S608 -- our own names
        places = ", ".join("?" * len(rows.description))
        yield f"INSERT INTO {table} VALUES ({places})", iter(rows)  # noqa: S608
    found: Any = reader.execute(
        "SELECT key, document FROM record JOIN revision ON seq = record.revision ORDER BY key"
    )
    said = ((key, *documents.indexed(orjson.loads(document))) for key, document in found)
    texts = ((*words, MARK + kind) for *words, kind in said)
    yield "INSERT INTO search (rowid, label, names, text, kind) VALUES (?, ?, ?, ?, ?)", texts


if __name__ == "__main__":
    home = settings.load().home
    sys.stdout.write(f"{copied(Path(sys.argv[1]) / 'parley.db', home / 'parley.db')}\n")
