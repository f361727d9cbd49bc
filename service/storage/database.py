"""The connection: which database, how it is opened, and what its failures mean."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import peewee
from playhouse.apsw_ext import APSWDatabase

from service.errors import BadSetting, NotMigrated, StoreUnavailable
from service.settings import Settings

database = peewee.DatabaseProxy()
"""What the models are bound to; ``connect`` says which database that is."""

_MISTAKES = (peewee.IntegrityError, peewee.DataError, peewee.ProgrammingError, peewee.NotSupportedError)
"""Faults of this program. Whatever else a database raises is its own: locked, full, gone, damaged."""

# playhouse has a mistake in SQL for the database's fault; it is one of this program, and no retry mends it.
peewee.EXCEPTIONS["SQLError"] = peewee.ProgrammingError

CACHE_KIBIBYTES = 128 * 1024

opening = threading.Lock()
"""Held while the models are bound to a database, by who must not have them bound to another meanwhile."""


class _Embedded(APSWDatabase):
    """A SQLite file, which is not made by being asked for, and not mistaken for one put in its place."""

    def _add_conn_hooks(self, conn: Any) -> None:
        super()._add_conn_hooks(conn)
        # playhouse.migrations dates its rows with a datetime, which apsw, unlike sqlite3, does not adapt.
        conn.convert_binding = lambda _cursor, _number, value: str(value)
        self._opened = _identity(self.database)

    def still_there(self) -> bool:
        """Whether the file is the one that was opened: SQLite goes on writing to one that was deleted."""
        return bool(self._opened == _identity(self.database))


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 -- on the path of every request
    except OSError:
        return None
    return found.st_dev, found.st_ino


def connect(settings: Settings, *, create: bool = False) -> None:
    """Bind the models to the database that the settings name. Connections open when first used, one a thread.

    With ``create`` the file is made if it is not there, for its owner only. Raises BadSetting for an address
    that is not understood or a place that cannot be written to, NotMigrated if there is no database.
    """
    with opening:
        if database.obj is not None and not database.is_closed():
            database.close()
        database.initialize(_open(settings, create))


def _open(settings: Settings, create: bool) -> peewee.Database:
    scheme, _, path = settings.database_url.partition(":///")
    if scheme != "sqlite" or not path or path == ":memory:":
        raise BadSetting(
            f"PARLEY_DATABASE_URL={settings.database_url!r} is not sqlite:/// and a file's path."
        )
    file = Path(path)
    if create:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
        except OSError as error:
            raise BadSetting(f"The database cannot be made at {file}: {error.strerror}.") from error
    elif not file.exists():
        raise NotMigrated(f"There is no database at {file}. Run: parley migrate")
    # apsw carries a current SQLite; the one of the standard library may be as old as the machine,
    # and those before 3.51.3 can corrupt a database when they reset its write-ahead log.
    return _Embedded(
        str(file),
        flags=apsw.SQLITE_OPEN_READWRITE,
        timeout=settings.busy_timeout,
        # A transaction that reads and then writes fails at once, not after a wait, if another writer came
        # between; one that takes the write lock first waits for its turn.
        lock_type="IMMEDIATE",
        pragmas={
            "journal_mode": "wal",
            "synchronous": settings.synchronous,
            "foreign_keys": 1,
            "mmap_size": settings.mmap_bytes,
        },
    )


@contextmanager
def reading() -> Iterator[None]:
    """A read transaction: every query inside sees the same revisions."""
    with told(), database.atomic("DEFERRED"):
        yield


@contextmanager
def writing() -> Iterator[None]:
    """The write transaction: one at a time, so that revisions are numbered in the order of commits."""
    with told(), database.atomic("IMMEDIATE"):
        yield


@contextmanager
def roomy() -> Iterator[None]:
    """Meanwhile this connection keeps more of the file in memory: for writes of many rows at once.

    They come in no order that the indexes have: with SQLite's usual 2 MiB the time goes into their pages.
    """
    if not isinstance(database.obj, _Embedded):
        yield
        return
    with told():
        (usual,) = database.execute_sql("PRAGMA cache_size").fetchone()
        database.execute_sql(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        try:
            yield
        finally:
            database.execute_sql(f"PRAGMA cache_size = {int(usual)}")
            database.execute_sql("PRAGMA shrink_memory")


@contextmanager
def told() -> Iterator[None]:
    """Connect, and raise StoreUnavailable where the database, not this program, is at fault."""
    try:
        database.connect(reuse_if_open=True)
        if not database.still_there():
            database.close()
            raise peewee.OperationalError("the file was deleted or replaced")
        yield
    except _MISTAKES:
        raise
    except (peewee.DatabaseError, peewee.InterfaceError) as error:
        raise StoreUnavailable("The database does not answer.") from error


def scalar(query: Any) -> Any:
    """The one value that ``query`` selects, or None. It may stand outside a transaction."""
    with told():
        return query.scalar()
