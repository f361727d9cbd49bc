"""A PostgreSQL server: how it is connected to, and how its transactions begin."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import peewee
import psycopg
from playhouse.pool import PooledPostgresqlDatabase
from psycopg.adapt import Dumper
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Format, TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import StrDumper

from service.errors import BadSetting, Undecided
from service.settings import Settings

# Advisory locks of this name space, of two numbers each (those of one number are keys in use, ``held``).
NAMESPACE = 0x7061726C  # "parl"
WRITING, MIGRATING = 1, 2

ROWS_AT_ONCE = 2_000
"""Rows that come over the network together, where they are read one by one."""

SILENT = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""When a machine that says nothing any more is given up, in libpq's words. The system waits for hours."""

NOT_KNOWN = (
    "The database did not say in time that it has the write for good; it may have, or may yet. "
    "Ask again, with the same Idempotency-Key."
)


class _Text(StrDumper):
    """Text without NUL, which PostgreSQL has not. Documents hold none; a question that does finds nothing."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


class _Numbers(tuple[int, ...]):
    """Numbers for one parameter."""


class _NumbersDumper(Dumper):
    # A list psycopg takes for one of the type that the first list of the query has, which may be of small
    # numbers; and a text for no constant, so that the server would go through it for every row.
    oid = psycopg.postgres.types["int4"].array_oid

    def dump(self, obj: tuple[int, ...]) -> bytes:
        return f"{{{','.join(map(str, obj))}}}".encode()


# Of this process: whoever speaks to PostgreSQL in it is Parley.
psycopg.adapters.register_dumper(str, _Text)
psycopg.adapters.register_dumper(_Numbers, _NumbersDumper)
# Numbers are all of one type. By their size they would be of three, and a query of a few of them as many
# queries to the server, each planned again until it has come five times.
psycopg.adapters.register_dumper(int, Int8BinaryDumper)


def opened(url: str, settings: Settings) -> "Server":
    """The server of that address, in libpq's notation, of several hosts too. Raises BadSetting."""
    if peewee.psycopg is None:
        # service.storage keeps it out of processes that have no need of it, going by the environment.
        raise BadSetting("A PostgreSQL server has to be named in the environment, by PARLEY_DATABASE_URL.")
    try:
        named = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        # Not the address itself: it may hold a password.
        raise BadSetting(f"The PostgreSQL address is not understood: {str(error).strip()}.") from None
    # One that does not answer is given up as soon as a lock is: libpq counts in whole seconds, 2 at least.
    waits = {"connect_timeout": max(2, round(settings.busy_timeout)), "application_name": "parley", **SILENT}
    given: dict[str, Any] = {name: value for name, value in waits.items() if name not in named}
    given["options"] = " ".join(
        [
            # What a page needs lies here and there, and mostly in memory. The planner's own figure, 4, is for
            # a disk that turns; who has one says so in the address, which comes later.
            "-c random_page_cost=1.1",
            str(named.get("options", "")),
            f"-c lock_timeout={max(1, round(settings.busy_timeout * 1000))}",
            # Rows are read to the end, also where they come one by one.
            "-c cursor_tuple_fraction=1",
        ]
    ).strip()
    server = Server("postgresql://" + url.partition("://")[2], prefer_psycopg3=True, **given)
    server.bounded(settings.pool or settings.threads + 1, settings.busy_timeout, settings.commit_timeout)
    return server


class Server(PooledPostgresqlDatabase):
    """A server, and the connections that are kept to it."""

    READ, WRITE = "READ", "WRITE"
    """How its transactions begin."""
    MERGES = False
    """As ``Embedded.MERGES``: it would sort all of each part, in another order, for what is twice there."""

    def bounded(self, connections: int, seconds: float, commit: float) -> None:
        """How many connections there may be, and how long one waits for one of them, and for a commit."""
        # Set here, because the pool would make whole seconds of it.
        self._max_connections, self._wait_timeout = connections, seconds
        self._commit_timeout = commit
        self._numbers: set[int] = set()
        self._holding = threading.Lock()

    def _is_closed(self, conn: Any) -> bool:
        # Whether it still leads anywhere is seen by what it is asked first: to ask for that costs as much.
        return bool(conn.closed)

    def look(self) -> None:
        """There is nothing to look at: a server that went away is noticed by what it is asked."""

    def spare(self, failed: bool) -> None:
        """Give the connection back, when a thread is done with it; one that ``failed`` is closed.

        It may have failed because it leads to what is no primary any more.
        """
        if self.is_closed():
            return
        if failed or self.connection().closed:
            self.manual_close()
        else:
            self.close()

    def let_go(self) -> None:
        """Close every connection."""
        self.close_all()

    def begin(self, kind: str = WRITE) -> None:
        """Begin a transaction; on another connection, where the server had closed this one."""
        self._where_it_leads(lambda: self._begin(kind))

    def _where_it_leads(self, do: Callable[[], Any]) -> Any:
        """``do()``, the first that a connection is asked; on another one, where the server had closed it."""
        for _ in range(self._max_connections):
            try:
                return do()
            except peewee.OperationalError:
                if not self.connection().closed:
                    self.rollback()
                    raise
                self.manual_close()
                self.connect()
        return do()

    def _begin(self, kind: str) -> None:
        self._state.kind = kind
        with peewee.__exception_wrapper__:
            if kind == self.READ:
                # Every query sees what the first one does.
                self.connection().execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            else:
                # One at a time. The lock is had before anything is read, and let go of once all can see what
                # was written, so that revisions are numbered in the order of commits.
                # No time-out of the server ends a commit's wait for a standby: it would count as done.
                lock = f"SELECT pg_advisory_xact_lock({NAMESPACE}, {WRITING})"
                self.connection().execute(f"BEGIN; SET LOCAL statement_timeout = 0; {lock}")

    def commit(self) -> None:
        """Commit. Raises Undecided where the server does not say in time that it has, or the standby has not.

        The server goes on with a commit that is not waited for any more, and holds the lock of writes and the
        key of the attempt until it is done: who asks again is told to wait, and then what came of it.
        """
        if self._state.kind == self.READ:
            super().commit()
            return
        connection, said = self.connection(), list[str | None]()

        def hear(notice: psycopg.errors.Diagnostic) -> None:
            said.append(notice.severity_nonlocalized)  # Now: it is gone afterwards.

        connection.add_notice_handler(hear)
        try:
            with peewee.__exception_wrapper__:
                connection.wait(connection._commit_gen(), timeout=self._commit_timeout)
        except peewee.OperationalError as error:
            # One that the server refused, and said so, it has taken back.
            if connection.pgconn.transaction_status == TransactionStatus.IDLE:
                raise
            # And nothing is cancelled: the server is to go on with what it is at.
            connection.close()
            raise Undecided(NOT_KNOWN) from error
        finally:
            connection.remove_notice_handler(hear)
        if "WARNING" in said:
            # Somebody ended the wait for a standby.
            raise Undecided(NOT_KNOWN)

    def rollback(self) -> None:
        """Roll back, where there still is a connection: without one, there is nobody to be told."""
        status = self.connection().pgconn.transaction_status
        if status == TransactionStatus.INTRANS and self._state.kind == self.READ:
            # There is nothing to take back; and when it rolls back, as for each answer that something is not
            # there, psycopg lets go of all that is prepared.
            super().commit()
        elif status != TransactionStatus.UNKNOWN:
            super().rollback()

    def spelled(self, sql: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """The SQL with its parameters numbered, as the server has it: else psycopg reads it each time.

        What is known of them now stands in the SQL, and is planned with: a plan that the server keeps for
        every value is as good then as one made for these, so it does keep it.
        """
        text, *rest = sql.split("%s")
        left: list[Any] = []
        for value, following in zip(values, rest, strict=True):
            if type(value) is int:
                text += str(value)
            elif type(value) is str:
                text += "'" + value.replace("'", "''") + "'"
            else:
                left.append(value)
                text += f"${len(left)}"
            text += following
        return text, left

    def ask(self, sql: str, values: Sequence[Any], keep: bool) -> Any:
        """Execute what was ``spelled`` before. Outside of a transaction it reads, and may be asked twice.

        Without ``keep`` the server plans it for these values, whatever it has been asked before.
        """
        if self.in_transaction():
            return self._ask(sql, values, keep)
        return self._where_it_leads(lambda: self._ask(sql, values, keep))

    def _ask(self, sql: str, values: Sequence[Any], keep: bool) -> Any:
        self._log_query(sql, values)
        with peewee.__exception_wrapper__:
            # One that takes numbered parameters, and documents as they are, not in hexadecimal.
            cursor = psycopg.RawCursor(self.connection())
            cursor.format = Format.BINARY
            return cursor.execute(sql, values, prepare=None if keep else False)

    def rows(self, query: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a query one by one, within the transaction: never all of them in memory."""
        sql, params = self.get_sql_context().sql(query).query()
        self._log_query(sql, params)
        with peewee.__exception_wrapper__, self._adapter.server_side_cursor(self.connection()) as cursor:
            cursor.itersize = ROWS_AT_ONCE
            cursor.execute(sql, params)
            yield from cursor

    def one_of(self, column: Any, numbers: Iterable[int]) -> Any:
        """The condition that a column has one of these numbers. The planner sees how many they are."""
        return column == peewee.fn.ANY(peewee.SQL("%s", [_Numbers(numbers)]))

    @contextmanager
    def roomy(self) -> Iterator[None]:
        """Many rows at once: the server's memory is the server's affair."""
        yield

    @contextmanager
    def unindexed(self, _: str) -> Iterator[None]:
        """A table keeps its indexes: without them nobody could read it until the transaction ends."""
        yield

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """Keep every other migration out, whatever machine it runs on."""
        # A lock of the session, not of a transaction: it lasts over the several transactions of a run.
        self.execute_sql("SET lock_timeout = 0")
        self.execute_sql(f"SELECT pg_advisory_lock({NAMESPACE}, {MIGRATING})")
        try:
            yield
        finally:
            self.manual_close()  # And with it the lock, whatever state the session is in.

    @contextmanager
    def held(self, number: int) -> Iterator[bool]:
        """Hold a number of 62 bits; False, at once, if another request holds it, on whatever machine.

        Whoever holds one and dies holds it no longer: it is the session's.
        """
        # The server lets a session have twice what it has.
        with self._holding:
            mine = number not in self._numbers
            self._numbers.add(number)
        if not mine:
            yield False
            return
        try:
            (got,) = self.execute_sql("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone()
            try:
                yield bool(got)
            finally:
                if got and not self.is_closed() and not self.connection().closed:
                    self.execute_sql("SELECT pg_advisory_unlock(%s)", (number,))
        finally:
            self._numbers.discard(number)
