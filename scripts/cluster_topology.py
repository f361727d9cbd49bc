"""What docker/compose.yaml has, on one machine: PostgreSQL and its standby, two services, a proxy."""

import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from scripts import cluster_patroni as patroni
from scripts import cluster_postgres as postgres
from scripts import cluster_processes as processes
from scripts import cluster_proxy as proxy
from scripts.cluster_postgres import Node
from scripts.cluster_processes import HOST, Process

ROOT = Path(__file__).parent.parent
SERVICES = ("parley-1", "parley-2")
ROOM = 2 << 30
"""Bytes that memory must have free to hold the folder of a trial."""


@dataclass
class Cluster:
    """What runs, by name, and where to reach it."""

    folder: Path
    environ: dict[str, str]
    """What a service is given, and a command that is to reach the same store."""
    proxy: int
    services: dict[str, int]
    nodes: list[Node] = field(default_factory=list)
    start_node: Callable[[Node, Path], Process] = postgres.start
    running: dict[str, Process] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.proxy}"

    def parley(self, *arguments: str, seconds: float = 120) -> str:
        """What a command prints. Raises NotReady if it fails."""
        command = processes.python("-m", "scripts.cli", *arguments)
        return processes.run(command, self.environ, drop=False, seconds=seconds)


def folder(base: str | None = None) -> Path:
    """A new folder for a cluster. In memory, where there is room: processes are killed here, not disks."""
    memory = Path("/dev/shm")  # noqa: S108 - for a folder of a random name, its owner's alone
    if base is None and memory.is_dir() and shutil.disk_usage(memory).free > ROOM:
        base = str(memory)
    return processes.hand_over(Path(tempfile.mkdtemp(prefix="parley-cluster-", dir=base)))


def settings(folder: Path, nodes: list[Node], passwords: Mapping[str, str]) -> dict[str, str]:
    """The environment of both services. Without nodes they share one SQLite file."""
    environ = {
        "PARLEY_HOME": str(folder / "home"),
        "PARLEY_PROXIES": "1",
        "PARLEY_SECRET_KEY": secrets.token_urlsafe(32),
        # Every caller of a trial comes from one address.
        "PARLEY_LIMIT_TOKEN": "off",
        "PARLEY_LIMIT_ADDRESS": "off",
        "PYTHONPATH": str(ROOT),
    }
    if nodes:
        environ |= {
            "PARLEY_DATABASE_URL": postgres.url(nodes, "read-write"),
            "PARLEY_DATABASE_READ_URL": postgres.url(nodes, "prefer-standby"),
            "PGPASSWORD": passwords["DATABASE_PASSWORD"],
        }
    return environ


@contextmanager
def cluster(
    replicated: Literal["by-hand", "by-patroni", "no"] = "by-hand", base: str | None = None, **environ: str
) -> Iterator[Cluster]:
    """A running cluster, ended and its folder deleted at the end.

    ``replicated``: who promotes the standby; no: both services are on one SQLite file. ``environ``: settings.
    """
    home = folder(base)
    port, *ports = processes.free_ports(1 + len(SERVICES))
    made = Cluster(home, {}, port, dict(zip(SERVICES, ports, strict=True)))
    names = ("DATABASE_PASSWORD", "REPLICATION_PASSWORD")
    passwords = {name: secrets.token_urlsafe(24) for name in names}
    try:
        if replicated == "by-hand":
            made.nodes = postgres.nodes(home, passwords)
            made.start_node = postgres.start
        elif replicated == "by-patroni":
            made.running["etcd"], etcd = patroni.start_etcd(home)
            made.nodes = patroni.nodes(home, passwords, etcd)
            made.start_node = patroni.start
        made.environ |= settings(home, made.nodes, passwords) | environ
        start(made)
        yield made
    finally:
        stop(made)
        shutil.rmtree(home, ignore_errors=True)


def start(cluster: Cluster) -> None:
    """Start all of it, each when what it needs is there."""
    for node in cluster.nodes:
        cluster.running[node.name] = cluster.start_node(node, cluster.folder)
    if cluster.nodes:
        processes.wait_until(lambda: postgres.is_protected(cluster.nodes[0]), None, "synchronous replication")
    cluster.parley("migrate")
    for name in cluster.services:
        start_service(cluster, name)
    ports = list(cluster.services.values())
    cluster.running["nginx"] = proxy.start(cluster.folder, cluster.proxy, ports)


def start_service(cluster: Cluster, name: str) -> None:
    port = cluster.services[name]
    environ = cluster.environ | {"PARLEY_BIND": f"{HOST}:{port}"}
    command = processes.python("-m", "scripts.cli", "serve")
    process = processes.start(name, command, cluster.folder, environ, drop=False)
    cluster.running[name] = process
    processes.wait_until(lambda: processes.listens(port), process, name)


def stop(cluster: Cluster) -> None:
    """End all of it, the proxy first."""
    for name, process in reversed(cluster.running.items()):
        # PostgreSQL's fast shutdown: it does not wait for its callers to go.
        processes.stop(process, signal.SIGINT if name in postgres.NAMES else signal.SIGTERM)
