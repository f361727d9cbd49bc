"""What others do to the database behind Parley's back: SQL that no rule holds back, and a lock on writing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import apsw
import psycopg

from service.settings import Settings
from service.storage.server import NAMESPACE, WRITING
from service.storage.tsvector import vector
from service.storage.words import MARK

# What SQLite has another name for. The tests write SQLite's.
IN_POSTGRESQL = (
    (
        r"CAST\(replace\(document, (.*)\) AS BLOB\)",
        r"convert_to(replace(convert_from(document, 'UTF8'), \1), 'UTF8')",
    ),
    (r"document \|\| ' '", r"document || ' '::bytea"),
    (r"x'00ff'", r"'\\\\x00ff'::bytea"),
    (r"zeroblob\((\d+)\)", r"decode(repeat('00', \1), 'hex')"),
    (r"search WHERE rowid", "search WHERE key"),
    (r"\?", "%s"),
)

# LEARN (key, label, names, text, kind): as the search index of either has it.
_LEARN = re.compile(r"LEARN \((\d+)" + ", '(.*?)'" * 4 + r"\)")
_INTO = "INSERT INTO search (rowid, label, names, text, kind)"
_IN_FTS5 = rf"{_INTO} VALUES (\1, '\2', '\3', '\4', '{MARK}\5')"


class Raw:
    """A connection of its own, on which foreign keys count for nothing."""

    def __init__(self, settings: Settings) -> None:
        self.server = not settings.database_url.startswith("sqlite:")
        self.connection: Any
        if self.server:
            self.connection = psycopg.connect(settings.database_url, autocommit=True)
            self.connection.execute("SET session_replication_role = replica")
        else:
            self.connection = apsw.Connection(settings.database_url.removeprefix("sqlite:///"))
            self.connection.execute("PRAGMA foreign_keys = 0")

    def execute(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        if self.server:
            for here, there in IN_POSTGRESQL:
                sql = re.sub(here, there, sql)
            return self.connection.execute(_LEARN.sub(_in_vectors, sql), values or None)
        return self.connection.execute(_LEARN.sub(_IN_FTS5, sql), values)

    def change(self, sql: str) -> int:
        """How many rows the statements change, the last of them at least."""
        if self.server:
            return int(sum(self.execute(one).rowcount for one in sql.split(";")))
        before = self.connection.total_changes()
        self.execute(sql)
        return int(self.connection.total_changes() - before)

    def close(self) -> None:
        self.connection.close()


def _in_vectors(row: re.Match[str]) -> str:
    words = vector(*row.groups()[1:]).replace("'", "''")
    return f"INSERT INTO search VALUES ({row[1]}, '{words}')"  # noqa: S608


@contextmanager
def nobody_writes(settings: Settings) -> Iterator[None]:
    """Meanwhile somebody else holds what a write has to have."""
    raw = Raw(settings)
    raw.execute("BEGIN" if raw.server else "BEGIN IMMEDIATE")
    if raw.server:
        raw.execute(f"SELECT pg_advisory_xact_lock({NAMESPACE}, {WRITING})")
    try:
        yield
    finally:
        raw.execute("ROLLBACK")
        raw.close()
