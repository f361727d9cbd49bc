"""Filling an empty table of a file: its indexes are made when all rows are there, of sorted rows."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

_STAND = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"


@contextmanager
def unindexed(execute: Callable[..., Any], table: str) -> Iterator[None]:
    """Meanwhile, in a transaction, a table has no index but that of its key; then each is made at once.

    That is for filling an empty one: sorted rows go into an index sooner, and it is smaller.
    """
    indexes = execute(_STAND, (table,)).fetchall()
    for name, _ in indexes:
        execute(f'DROP INDEX "{name}"')
    yield
    for _, sql in indexes:
        execute(sql)


def sort_in(folder: Path) -> None:
    """Have SQLite sort in this folder what it has no room for in memory: a container's /tmp may be small.

    Before this process has threads that ask anything: it is a setting of all connections, and of no lock
    (https://sqlite.org/pragma.html#pragma_temp_store_directory).
    """
    with closing(apsw.Connection(":memory:")) as connection, suppress(apsw.Error):
        if connection.pragma("temp_store_directory") != str(folder):
            connection.pragma("temp_store_directory", str(folder))
