"""A PostgreSQL primary and its synchronous standby, as docker/postgres.sh runs them, for tests to stop."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from scripts import cluster_postgres as postgres
from scripts import cluster_processes as processes
from scripts import cluster_topology as topology
from scripts.cluster_postgres import Node
from scripts.cluster_processes import Process

PASSWORDS = {"DATABASE_PASSWORD": "it's a 'quoted' one", "REPLICATION_PASSWORD": "another"}


class Pair:
    """The two. Whoever connects to them has ``PASSWORDS["DATABASE_PASSWORD"]`` in ``PGPASSWORD``."""

    def __init__(self) -> None:
        self.folder = topology.folder()
        self.nodes: list[Node] = postgres.nodes(self.folder, PASSWORDS)
        self.running: dict[str, Process] = {}

    def start(self, node: Node) -> None:
        self.running[node.name] = postgres.start(node, self.folder)

    def kill(self, node: Node) -> None:
        """As if its machine had failed."""
        postgres.kill(node, self.running[node.name])


@contextmanager
def pair() -> Iterator[Pair]:
    """A primary, and a standby that follows it and that its commits wait for."""
    made = Pair()
    try:
        for node in made.nodes:
            made.start(node)
        processes.wait_until(lambda: postgres.is_protected(made.nodes[0]), None, "replication")
        yield made
    finally:
        for process in made.running.values():
            processes.stop(process, signal.SIGINT)
        shutil.rmtree(made.folder)
