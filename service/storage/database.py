"""The connection: which database, how its transactions begin, and what its failures mean."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

import apsw
import peewee
from playhouse.pool import MaxConnectionsExceeded

from service.errors import BadSetting, StoreUnavailable
from service.secrets import without_password
from service.settings import Settings
from service.storage import embedded

Value = TypeVar("Value")


class _Here(threading.local):
    node: Any = None
    """The standby that this thread is reading from, if it is."""
    floor = 0
    age: float | None = None
    found: dict[Callable[[], Any], Any] | None = None
    """What was asked for in the read transaction that this thread is in, and stays so until its end."""


here = _Here()


class _Nodes(peewee.DatabaseProxy):
    """The database; or its standby, for a thread that is reading from that."""

    @property
    def node(self) -> Any:
        """Which of them it is: for who asks more than one thing of it."""
        return here.node or self.obj

    def __getattr__(self, name: str) -> Any:
        return getattr(here.node or self.obj, name)


database = _Nodes()
"""What the models are bound to; ``connect`` says which database that is."""

_MISTAKES = (
    *(peewee.IntegrityError, peewee.DataError, peewee.ProgrammingError, peewee.NotSupportedError),
    apsw.SQLError,
)
"""Faults of this program. Whatever else a database raises is its own: locked, full, gone, damaged."""

_FAILURES = (peewee.DatabaseError, peewee.InterfaceError, MaxConnectionsExceeded, apsw.Error)
"""With apsw's own: peewee has a name for what goes wrong with the first row, not with those after it."""

_TROUBLES = {
    "BusyError": "The database is locked by another writer.",
    "LockNotAvailable": "The database is locked by another writer.",
    "FullError": "The disk of the database is full.",
    "DiskFull": "The disk of the database is full.",
    "IOError": "The disk of the database fails.",
    "CorruptError": "The database is damaged.",
    "NotADBError": "The database is damaged.",
    "ReadOnlyError": "The database can only be read.",
    "ReadOnlySqlTransaction": "The database can only be read.",
}
"""What apsw and psycopg call some of them, and what that means to a caller."""

_standby: Any = None
"""A ``standbys.Standby``, where there is one."""

opening = threading.Lock()
"""Held while the models are bound to a database, or let go of it, and by who must not have that meanwhile."""


def connect(settings: Settings, *, create: bool = False) -> None:
    """Bind the models to the database that the settings name. Connections open when first used.

    With ``create`` a file is made if it is not there, for its owner only; a database on a server is made by
    who runs the server. Raises BadSetting for an address that is not understood or a place that cannot be
    written to, NotMigrated if there is no file.
    """
    global _standby  # noqa: PLW0603 -- a process has one store
    with opening:
        _let_go()
        database.initialize(_opened(settings, create))
        if settings.database_read_url:
            from service.storage import server, standbys

            if isinstance(database.obj, embedded.Embedded):
                raise BadSetting("PARLEY_DATABASE_READ_URL goes with a PostgreSQL server, not with a file.")
            node = server.opened(settings.database_read_url, settings)
            _standby = standbys.Standby(node, settings)


def disconnect() -> None:
    """Close this thread's connection to a file, all of them to a server."""
    with opening:
        _let_go()


def _let_go() -> None:
    global _standby  # noqa: PLW0603 -- as above
    if _standby is not None:
        _standby.node.let_go()
        _standby = None
    if database.obj is not None:
        database.obj.let_go()


def _opened(settings: Settings, create: bool) -> peewee.Database:
    url = settings.database_url
    if url.startswith(embedded.SCHEME):
        return embedded.opened(settings, create)
    if url.startswith(("postgresql://", "postgres://")):
        from service.storage import server  # A driver that a store in a file does not need.

        return server.opened(url, settings)
    raise BadSetting(
        f"PARLEY_DATABASE_URL={without_password(url)!r} is neither {embedded.SCHEME} and a file's path, nor postgresql://host/name."
    )


def reading(*, newest: bool = False, alone: bool = False) -> AbstractContextManager[None]:
    """A read transaction: every query inside sees the same revisions. Inside of another, it is part of it.

    It may be on a standby, which is as far as ``not_before`` says and the settings demand; with ``newest``
    it is not. With ``alone`` it is of one query, which sees one state in any case, and is asked without a
    transaction, whose beginning and end take as long as a query.
    """
    node = database.node
    if node.in_transaction():
        return _GOING_ON
    # Who holds a connection goes on with it.
    if _standby is not None and not newest and node.is_closed():
        return _on_standby(_standby)
    return told() if alone else _on_primary()


_GOING_ON = nullcontext()


@contextmanager
def _on_primary() -> Iterator[None]:
    node = database.node
    with told(), node.atomic(node.READ), _one_state():
        yield


@contextmanager
def _one_state() -> Iterator[None]:
    here.found = {}
    try:
        yield
    finally:
        here.found = None


@contextmanager
def _on_standby(standby: Any) -> Iterator[None]:
    with standby.transaction(database.obj, here, here.floor) as found:
        if found:
            with told(), _one_state():
                yield
            return
    here.age = None
    with _on_primary():
        yield


def once(ask: Callable[[], Value]) -> Value:
    """What ``ask`` gives: in a read transaction, where that is the same each time, it is asked once."""
    if here.found is None:
        return ask()
    if ask not in here.found:
        here.found[ask] = ask()
    found: Value = here.found[ask]
    return found


def writing() -> AbstractContextManager[None]:
    """The write transaction: one at a time, so that revisions are numbered in the order of commits.

    Inside of another, it is part of it: what is raised there ends both.
    """
    return _GOING_ON if database.node.in_transaction() else undoable()


@contextmanager
def undoable() -> Iterator[None]:
    """The same; but inside of another it can be undone alone, for whoever catches what ended it.

    To make that possible SQLite copies each page before it is changed, and into a file if they are many.
    """
    node = database.node
    with told(), node.atomic(node.WRITE):
        yield


def not_before(revision: int) -> None:
    """From here on this thread reads no state of the store before that revision, nor before one it has read.

    Said again, with the next request, it counts anew.
    """
    here.floor, here.age = revision, None


def seen(revision: int) -> None:
    """This thread knows of the revision: it reads no state before it."""
    here.floor = max(here.floor, revision)


def age() -> float | None:
    """How old, in seconds and at most, what this thread last read was; None: it was the primary's newest."""
    return here.age


@contextmanager
def roomy() -> Iterator[None]:
    """Meanwhile the connection is made ready for writes of many rows at once."""
    with told(), database.roomy():
        yield


@contextmanager
def told() -> Iterator[None]:
    """Connect, and raise StoreUnavailable where the database, not this program, is at fault."""
    node, opened, failed = database.node, False, False
    try:
        opened = node.is_closed() and node.connect(reuse_if_open=True)
        node.look()
        yield
    except _MISTAKES:
        raise
    except _FAILURES as error:
        failed = True
        # Its own words may name the machine, or hold a password: only of what kind it is, is told.
        kind = type(getattr(error, "orig", error)).__name__
        raise StoreUnavailable(_TROUBLES.get(kind, "The database does not answer.")) from error
    finally:
        if opened:
            node.spare(failed)


def asking() -> AbstractContextManager[None]:
    """For one query, which may stand outside a transaction."""
    return told() if _standby is None else reading()


def scalar(query: Any) -> Any:
    """The one value that ``query`` selects, or None. It may stand outside a transaction."""
    with asking():
        return query.scalar()
