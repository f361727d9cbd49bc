"""A SQLite file: how it is opened, locked and read."""

import fcntl
import os
import random
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import apsw
import peewee
from playhouse.apsw_ext import APSWDatabase

from service.errors import BadSetting, NotMigrated
from service.settings import Settings
from service.storage import bytes_held, filling

SCHEME = "sqlite:///"
CACHE_KIBIBYTES, USUAL_KIBIBYTES = 128 * 1024, 2_000
LOG_KEPT = 64 << 20
"""Bytes of the write-ahead log that are left when it begins anew: it grows for as long as somebody reads."""
LOG_COPIED = 4_000
"""Pages in that log from which on whoever commits copies them into the file, each as it was written last.

A write changes some thirty, most of them those that the one before it changed: the more are in the log, the
fewer are copied for each write. As many as this its index finds in one place; of more, in one after another.
"""
ASKED_AFTER = 0.0003, 0.0009
"""Seconds, at least and at most, from one asking for the write lock to the next: less than a write takes."""

# playhouse has a mistake in SQL for the database's fault; it is one of this program, and no retry mends it.
peewee.EXCEPTIONS["SQLError"] = peewee.ProgrammingError


def opened(settings: Settings, create: bool) -> "Embedded":
    """The file that the settings name; with ``create`` it is made if it is not there, for its owner only.

    Raises BadSetting for a place that cannot be written to, NotMigrated if there is no file.
    """
    path = settings.database_url.removeprefix(SCHEME)
    if not path or path == ":memory:":
        raise BadSetting(f"PARLEY_DATABASE_URL={settings.database_url!r} is not {SCHEME} and a file's path.")
    file = Path(path)
    if create:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
        except OSError as error:
            raise BadSetting(f"The database cannot be made at {file}: {error.strerror}.") from error
    elif not file.exists():
        raise NotMigrated(f"There is no database at {file}. Run: parley migrate")
    filling.sort_in(file.parent)
    # apsw carries a current SQLite; the one of the standard library may be as old as the machine,
    # and those before 3.51.3 can corrupt a database when they reset its write-ahead log.
    return Embedded(
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
            "journal_size_limit": LOG_KEPT,
            "wal_autocheckpoint": LOG_COPIED,
        },
    )


class _Turn(threading.local):
    """Of a thread: until when it waits for its turn to write, and ``last``, when it is in SQLite's hands."""

    until: float | None = None
    last = 0.0
    own: Any = None
    """Its own connection, while it writes by that of the process."""
    roomy = False
    """Whether it wants more memory for its writes."""
    opened: Any = None
    """The file that its own connection was opened on."""


class Embedded(APSWDatabase):
    """A SQLite file, which is not made by being asked for, and not mistaken for one put in its place."""

    READ, WRITE = "DEFERRED", "IMMEDIATE"
    """How its transactions begin."""
    MERGES = True
    """Whether it reads the parts of a UNION side by side, each in the order of the whole."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._queue = threading.Lock()
        """Held by the thread of this process that writes, or asks SQLite whether it may."""
        self._writer: Any = None
        """The connection that they write by. What others have written, a connection has to read again."""
        self._written: Any = None
        """The file that this one was opened on."""
        self._roomy = False
        """Whether it keeps much of it in memory just now."""
        self._turn = _Turn()

    def begin(self, lock_type: str | None = None) -> None:
        """Begin a transaction; to write, when it is its turn. Raises OperationalError if that is too late.

        Of the threads that wait in a process one asks SQLite, often and at no regular times, so that each of
        the processes is as likely as the others to be next. SQLite's own handler waits for longer the longer
        it has waited, and whoever came last overtakes it.
        """
        if lock_type != self.WRITE:
            super().begin(lock_type)
            return
        self._turn.until = time.monotonic() + self._timeout
        try:
            if not self._queue.acquire(blocking=False):
                if not self._queue.acquire(timeout=self._timeout):
                    raise peewee.OperationalError(apsw.BusyError("database is locked"))
                # Who waited for another thread asks when it would have been asking again: no other process is
                # passed over because it does not see at once that the lock is free.
                time.sleep(random.uniform(0, ASKED_AFTER[1]))  # noqa: S311 -- nothing secret hangs on it
            self._turn.own = self._state.conn
            try:
                self._state.conn = self._writing()
                self._make_room()
                super().begin(lock_type)
            except BaseException:
                self._done()
                raise
        finally:
            self._turn.until = None

    def commit(self) -> Any:
        """Commit. Who wrote lets the next thread do so."""
        committed = super().commit()
        self._done()
        return committed

    def rollback(self) -> Any:
        """Roll back; the same."""
        try:
            return super().rollback()
        finally:
            self._done()

    def _writing(self) -> Any:
        """The connection by which this process writes, opened if need be. For who holds the queue."""
        # This thread's own, which was looked at just now, is on the file that is to be written.
        if self._written != self._turn.opened:
            self._stop_writing()
        if self._writer is None:
            self._writer, self._written = self._connect(), self._turn.opened
        return self._writer

    def _stop_writing(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer, self._roomy = None, False

    def _done(self) -> None:
        """If this thread has been writing, go on with its own connection, and let the next one write."""
        if self._turn.own is None:
            return
        self._state.conn, self._turn.own = self._turn.own, None
        try:
            if self._writer is not None and not self._writer.getautocommit():
                self._stop_writing()  # It could not be rolled back.
        finally:
            self._queue.release()

    def _wait(self, calls: int) -> bool:
        """Sleep until it is worth asking again for a lock that another holds; False: it is no longer."""
        now = time.monotonic()
        if calls == 0:
            self._turn.last = self._turn.until or now + self._timeout
        if now >= self._turn.last:
            return False
        time.sleep(random.uniform(*ASKED_AFTER))  # noqa: S311 -- nothing secret hangs on it
        return True

    def _add_conn_hooks(self, conn: Any) -> None:
        super()._add_conn_hooks(conn)
        conn.set_busy_handler(self._wait)
        # A query is planned once, by its text. Else SQLite plans it anew each time that a bound value might
        # tell more, as that of a LIMIT or of a relation, and to plan most queries takes longer than to answer
        # them. No plan is another for it: there is no ANALYZE here, and no pattern of LIKE.
        conn.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        # playhouse.migrations dates its rows with a datetime, which apsw, unlike sqlite3, does not adapt.
        conn.convert_binding = lambda _cursor, _number, value: str(value)

    def _initialize_connection(self, conn: Any) -> None:
        super()._initialize_connection(conn)
        self._turn.opened = _identity(self.database)

    def look(self) -> None:
        """Raise OperationalError unless the file is the one that was opened.

        SQLite goes on writing to one that was deleted.
        """
        if self._turn.opened != _identity(self.database):
            self.close()
            raise peewee.OperationalError("the file was deleted or replaced")

    def spare(self, failed: bool) -> None:
        """A thread keeps its connection when it is done with it: to open one reads the schema anew."""

    def let_go(self) -> None:
        """Close this thread's connection, and the one by which this process writes."""
        if not self.is_closed():
            self.close()
        with self._queue:
            self._stop_writing()

    def spelled(self, sql: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        """A query, and its parameters, as ``ask`` takes them."""
        return sql, values

    def ask(self, sql: str, values: Sequence[Any], keep: bool) -> Any:
        """Execute what was ``spelled`` before. SQLite keeps the plan of all."""
        self._log_query(sql, values)
        return self.connection().execute(sql, values)

    def rows(self, query: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a query one by one, as the database gives them."""
        return iter(self.execute(query))

    def one_of(self, column: Any, numbers: Iterable[int]) -> Any:
        """The condition that a column has one of these numbers: a statement takes only so many values."""
        return column.in_(
            peewee.SQL("(SELECT value FROM json_each(?))", [f"[{','.join(map(str, numbers))}]"])
        )

    @contextmanager
    def roomy(self) -> Iterator[None]:
        """Meanwhile this thread, when it writes, keeps more of the file in memory: for many rows at once.

        They come in no order that the indexes have: with SQLite's usual 2 MiB the time goes into their pages.
        """
        before, self._turn.roomy = self._turn.roomy, True
        try:
            if self._turn.own is not None:
                self._make_room()
            yield
        finally:
            self._turn.roomy = before
            if self._turn.own is not None:
                self._make_room()
            elif self._queue.acquire(blocking=False):  # Else whoever writes next gives it back.
                try:
                    self._make_room()
                finally:
                    self._queue.release()

    def _make_room(self) -> None:
        """Give the connection that writes as much memory as this thread wants. For who holds the queue."""
        if self._writer is not None and self._roomy != self._turn.roomy:
            self._roomy = self._turn.roomy
            size = CACHE_KIBIBYTES if self._roomy else USUAL_KIBIBYTES
            self._writer.execute(f"PRAGMA cache_size = -{size}")
            if not self._roomy:
                self._writer.execute("PRAGMA shrink_memory")

    def unindexed(self, table: str) -> AbstractContextManager[None]:
        """Meanwhile, in a transaction, a table has no index but that of its key."""
        return filling.unindexed(self.execute_sql, table)

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """Keep every other migration out, whatever process it runs in."""
        # A lock on a file of its own lasts over the several transactions of a run, and the system drops it
        # if the process dies.
        with Path(f"{self.database}.migrating").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def held(self, number: int) -> AbstractContextManager[bool]:
        """Hold a number of 62 bits; False, at once, if another request holds it, in whatever process."""
        return bytes_held.held(f"{self.database}-attempts", number)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 -- on the path of every request
    except OSError:
        return None
    return found.st_dev, found.st_ino
