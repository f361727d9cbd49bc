"""Copies of the whole database: taken while others write, and put back.

Of a SQLite file by SQLite's backup API (https://sqlite.org/backup.html), within one read transaction: a copy
of its pages as they are, for which nobody waits. VACUUM INTO would write a file that is a twentieth smaller,
in half as long again (0.45 s for 166 MiB, not 0.32 s). Of a PostgreSQL database by pg_dump, from the very
state that was looked at.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from service.errors import Conflict, ParleyError, StoreUnavailable
from service.storage.database import database, reading, told
from service.storage.embedded import SCHEME, Embedded
from service.storage.models import Revision

PAGES_AT_ONCE = 4_096

Advance = Callable[[int, int], object]
"""Told, again and again, how much is done and how much there is: pages."""


def embedded() -> bool:
    """Whether the records are kept in a file."""
    return isinstance(database.obj, Embedded)


def copied(to: Path, advance: Advance) -> None:
    """Copy the database into a new file, as it is at one moment. Raises StoreUnavailable, or OSError."""
    with reading():
        source: apsw.Connection = database.connection()
        # The transaction sees one state from its first read on. Without one each step would see another, and
        # the copy begin anew whenever somebody has written: under writers, for minutes.
        source.execute("SELECT 1 FROM sqlite_schema").fetchall()
        target = apsw.Connection(str(to))
        try:
            with target.backup("main", source, "main") as backup:
                while not backup.done:
                    backup.step(PAGES_AT_ONCE)
                    advance(backup.page_count - backup.remaining, backup.page_count)
        except (apsw.FullError, apsw.IOError):
            # Of these SQLite says "not an error", for they are the other connection's.
            raise StoreUnavailable("The copy cannot be made: its disk is full, or fails.") from None
        except apsw.Error as error:
            raise StoreUnavailable(f"The copy cannot be made: {error}.") from error
        finally:
            target.close()


def damage(file: Path) -> list[str]:
    """What SQLite itself finds wrong with the file; nothing, if all is well."""
    try:
        with _alone(file) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    except apsw.Error as error:
        return [str(error)]
    return [] if found == ["ok"] else found


def address(file: Path) -> str:
    """The address of a database that is a file."""
    return f"{SCHEME}{file.absolute()}"


@contextmanager
def _alone(file: Path) -> Iterator[apsw.Connection]:
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        yield connection
    finally:
        connection.close()


def vacated(file: Path) -> None:
    """Make sure that nobody has the database open, and that all of it is in the one file.

    Raises Conflict if somebody has. SQLite leaves write-ahead mode for nobody who is not alone.
    """
    try:
        with _alone(file) as connection:
            connection.setbusytimeout(200)
            left = next(iter(connection.execute("PRAGMA journal_mode = DELETE")))[0]
    except apsw.BusyError:
        left = "wal"
    except apsw.NotADBError:
        return  # Whatever it is, nobody uses it as a database.
    if left != "delete":
        raise Conflict(f"{file} is in use: stop the service first.")


def replaced(by: Path, file: Path) -> None:
    """Put a file in the place of the database, whole or not at all."""
    synced(by)
    by.replace(file)
    for left in ("-wal", "-shm"):
        # Of a database that was not closed; to the new one they would be another's log.
        file.with_name(file.name + left).unlink(missing_ok=True)
    synced(file.parent)


def synced(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def dumped(to: Path) -> tuple[int, bytes]:
    """Have pg_dump write the database into a file: the head of the history that the file holds.

    Raises ParleyError where there is no pg_dump, or it fails.
    """
    with reading(newest=True):
        (snapshot,) = database.execute_sql("SELECT pg_export_snapshot()").fetchone()
        newest = Revision.select(Revision.seq, Revision.hash).order_by(Revision.seq.desc()).limit(1)
        row = newest.tuples().first()
        _run("pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={to}")
    return (row[0], bytes(row[1])) if row else (0, bytes(32))


def dumped_revisions(file: Path) -> Iterator[dict[str, str]]:
    """The rows of the revision table in a dump, in any order, as the texts that COPY writes."""
    command = [_found("pg_restore"), "--data-only", "--table=revision", "--file=-", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", errors="replace") as process:  # noqa: S603
        columns: list[str] | None = None
        for line in process.stdout or ():
            if columns is None:
                if found := re.match(r"COPY \S+ \((.*)\) FROM stdin;", line):
                    columns = [name.strip('"') for name in found[1].split(", ")]
            elif line == "\\.\n":
                columns = None
            elif len(row := line.rstrip("\n").split("\t")) == len(columns):
                yield dict(zip(columns, row, strict=True))
    if process.returncode:
        raise ParleyError(f"{file} is not a dump that pg_restore can read.")


def undumped(file: Path, *, clean: bool) -> None:
    """Have pg_restore put a dump back, all or nothing, ``clean`` in the place of what is there.

    Raises ParleyError.
    """
    how = ["--clean", "--if-exists"] if clean else []
    _run("pg_restore", "--no-owner", "--single-transaction", "--exit-on-error", *how, str(file))


def occupied() -> bool:
    """Whether there are tables in the server's database already."""
    with told():
        return bool(database.get_tables())


def _found(command: str) -> str:
    if path := shutil.which(command):
        return path
    raise ParleyError(f"There is no {command} here: install PostgreSQL's client programs.")


def _run(command: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the database. Raises ParleyError."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo  # Not needed for a file.

    named = conninfo_to_dict(database.database)
    # By the environment: what stands on a command line, every process can read.
    password = {"PGPASSWORD": str(named.pop("password"))} if "password" in named else {}
    whole = [_found(command), *arguments, f"--dbname={make_conninfo('', **named)}"]
    done = subprocess.run(whole, check=False, capture_output=True, text=True, env=os.environ | password)  # noqa: S603
    if done.returncode:
        raise ParleyError(f"{command}: {done.stderr.strip() or done.returncode}")
