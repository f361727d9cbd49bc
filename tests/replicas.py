"""A PostgreSQL primary and a hot standby of it, of their own, for tests that hold one back or stop one."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests import postgres

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "max_connections": "40",
    "hot_standby_feedback": "on",
    "wal_receiver_status_interval": "1s",
    "wal_retrieve_retry_interval": "100ms",
}


class Node:
    """A server in a folder of its own, at a port of 127.0.0.1."""

    def __init__(self) -> None:
        self.folder = postgres.folder()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = postgres.start(self.folder, port=self.port)

    def stop(self) -> None:
        """As if its machine had failed."""
        if self.process is not None:
            self.process.send_signal(3)  # SIGQUIT: an immediate shutdown
            self.process.wait(30)
            self.process = None

    def ask(self, sql: str) -> object:
        """The one value that a statement gives."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute(sql.encode()).fetchone()
            return found[0] if found else None


def _copied(primary: Node, standby: Node) -> None:
    copied = ["-D", standby.folder / "data", "-R", "-c", "fast", "--no-sync"]
    command = [postgres.binaries() / "pg_basebackup", "-d", primary.url, *copied]
    subprocess.run(command, user=postgres.ACCOUNT, cwd=standby.folder, check=True, capture_output=True)
    with (standby.folder / "data" / "postgresql.conf").open("a") as file:
        file.write(f"port = {standby.port}\nunix_socket_directories = '{standby.folder}'\n")


@contextmanager
def pair() -> Iterator[tuple[Node, Node]]:
    """A primary, and a hot standby that follows it."""
    primary, standby = nodes = Node(), Node()
    try:
        postgres.initialise(primary.folder, **SETTINGS, port=str(primary.port))
        primary.start()
        _copied(primary, standby)
        standby.start()
        yield primary, standby
    finally:
        for node in nodes:
            node.stop()
            shutil.rmtree(node.folder, ignore_errors=True)
