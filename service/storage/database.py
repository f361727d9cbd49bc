"""The connection: which database, how it is opened, and what its failures mean."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee
from playhouse.apsw_ext import APSWDatabase

from service.errors import BadSetting, StoreUnavailable
from service.settings import Settings

database = peewee.DatabaseProxy()
"""What the models are bound to; ``connect`` says which database that is."""

_opening = threading.Lock()


class _Embedded(APSWDatabase):
    def _add_conn_hooks(self, conn: Any) -> None:
        super()._add_conn_hooks(conn)
        # playhouse.migrations dates its rows with a datetime, which apsw, unlike sqlite3, does not adapt.
        conn.convert_binding = lambda _cursor, _number, value: str(value)


def connect(settings: Settings) -> None:
    """Bind the models to the database that the settings name. Connections open when first used, one a thread.

    Raises BadSetting for an address that is not understood.
    """
    with _opening:
        if database.obj is not None and not database.is_closed():
            database.close()
        database.initialize(_open(settings))


def _open(settings: Settings) -> peewee.Database:
    scheme, _, path = settings.database_url.partition(":///")
    if scheme != "sqlite" or not path:
        raise BadSetting(
            f"PARLEY_DATABASE_URL={settings.database_url!r} is not sqlite:/// and a file's path."
        )
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    # apsw carries a current SQLite; the one of the standard library may be as old as the machine,
    # and those before 3.51.3 can corrupt a database when they reset its write-ahead log.
    return _Embedded(
        str(file),
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
def told() -> Iterator[None]:
    try:
        database.connect(reuse_if_open=True)
        yield
    except (peewee.OperationalError, peewee.InterfaceError) as error:
        raise StoreUnavailable(f"The database does not answer: {error}") from error


def scalar(query: Any) -> Any:
    """The one value that ``query`` selects, or None. It may stand outside a transaction."""
    with told():
        return query.scalar()
