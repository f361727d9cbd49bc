"""The floor of a query: the rows of an answer as SQLite gives them, and nothing made of them."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import apsw

from schemas.vocabulary import KINDS, RELATIONS

Rows = list[tuple[Any, ...]]

# The relation in the text: an index of some relations only (migration 0006) is used where it is found there.
_HISTORY = f"""
    SELECT said.id, edge.stance, edge.earliest, edge.latest, edge.attributes, revision.document
    FROM edge
    JOIN record AS said ON said.key = edge.record
    JOIN revision ON revision.seq = edge.revision
    WHERE edge.tail = (SELECT key FROM record WHERE id = :id) AND edge.relation = {RELATIONS["position"]}
        AND edge.stance IS NOT NULL AND edge.until IS NULL AND edge.status IN ('attested', 'disputed')
    ORDER BY edge.earliest, edge.latest, said.id, edge.place
    LIMIT :limit
"""  # noqa: S608 -- a number of ours
_RECORD = """
    SELECT revision.document FROM record JOIN revision ON revision.seq = record.revision
    WHERE record.id = :id AND record.kind = :kind
"""
_SEARCH = """
    SELECT record.id, record.label, bm25(search, 10, 8, 1) AS rank
    FROM search JOIN record ON record.key = search.rowid
    WHERE search MATCH :words ORDER BY rank, record.id LIMIT :limit
"""


def opened(database: Path) -> apsw.Connection:
    """A connection as the service has it."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.pragma("mmap_size", 1 << 36)
    return connection


def history(connection: apsw.Connection, id: str, limit: int) -> Rows:
    """The first rows of an actor's position history: id of the statement, stance, ..., its document."""
    return connection.execute(_HISTORY, {"id": id, "limit": limit}).fetchall()


def record(connection: apsw.Connection, id: str) -> Rows:
    """A statement's document."""
    return connection.execute(_RECORD, {"id": id, "kind": KINDS["statement"].code}).fetchall()


def search(connection: apsw.Connection, words: str, limit: int) -> Rows:
    """Records that hold all the words: id, label, rank."""
    quoted = " ".join('"' + word.replace('"', "") + '"' for word in words.split())
    return connection.execute(_SEARCH, {"words": quoted, "limit": limit}).fetchall()


def queries(connection: apsw.Connection) -> dict[str, Callable[[str], Rows]]:
    """By what is measured: a function of an address of Parley's to the rows of its answer."""
    from urllib.parse import parse_qs, urlsplit

    def asked(path: str) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}

    def named(path: str, place: int) -> str:
        return urlsplit(path).path.split("/")[place]

    return {
        "history": lambda path: history(connection, named(path, 3), int(asked(path)["limit"])),
        "record": lambda path: record(connection, named(path, 3)),
        "search": lambda path: search(connection, asked(path)["q"], int(asked(path)["limit"])),
    }


def commits(folder: Path) -> Generator[None]:
    """Bare commits of one small row each, to the disk, one at each step."""
    connection = apsw.Connection(str(folder / "commits.db"))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.execute("CREATE TABLE row (number INTEGER)")
    try:
        while True:
            connection.execute("INSERT INTO row VALUES (1)")
            yield
    finally:
        connection.close()
