"""The same two servers under Patroni (docker/patroni.yml), with an etcd to hold the lease of the primary."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from scripts import cluster_postgres as postgres
from scripts import cluster_processes as processes
from scripts.cluster_postgres import NAMES, Node
from scripts.cluster_processes import HOST, NotReady, Process


def program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NotReady(f"{name} is not installed. On Debian and Ubuntu: apt-get install {package}")
    return found


def start_etcd(folder: Path) -> tuple[Process, int]:
    """One etcd, and its port. In earnest they are three, on as many machines."""
    home = processes.hand_over(folder / "etcd")
    port, peers = processes.free_ports(2)
    addresses = {
        "--listen-client-urls": f"http://{HOST}:{port}",
        "--advertise-client-urls": f"http://{HOST}:{port}",
        "--listen-peer-urls": f"http://{HOST}:{peers}",
        "--initial-advertise-peer-urls": f"http://{HOST}:{peers}",
        "--initial-cluster": f"default=http://{HOST}:{peers}",
    }
    command = [program("etcd", "etcd-server"), "--data-dir", str(home / "data")]
    for option, address in addresses.items():
        command += [option, address]
    process = processes.start("etcd", command, folder, {})
    processes.wait_until(lambda: processes.listens(port), process, "etcd")
    return process, port


def nodes(folder: Path, passwords: Mapping[str, str], etcd: int) -> list[Node]:
    """The two, neither of them started."""
    programs = postgres.binaries(folder)
    found = postgres.path(folder, programs)
    made = []
    for name in NAMES:
        home = processes.hand_over(folder / name)
        port, api = processes.free_ports(2)
        environ = {
            "PATH": found,
            "PATRONI_NAME": name,
            "PATRONI_ETCD3_HOSTS": f"{HOST}:{etcd}",
            "PATRONI_RESTAPI_LISTEN": f"{HOST}:{api}",
            "PATRONI_RESTAPI_CONNECT_ADDRESS": f"{HOST}:{api}",
            "PATRONI_POSTGRESQL_LISTEN": f"{HOST}:{port}",
            "PATRONI_POSTGRESQL_CONNECT_ADDRESS": f"{HOST}:{port}",
            "PATRONI_POSTGRESQL_DATA_DIR": str(home / "data"),
            "PATRONI_POSTGRESQL_BIN_DIR": str(programs),
            "PATRONI_POSTGRESQL_PGPASS": str(home / "pgpass"),
            "PATRONI_SUPERUSER_PASSWORD": passwords["REPLICATION_PASSWORD"],
            "PATRONI_REPLICATION_PASSWORD": passwords["REPLICATION_PASSWORD"],
            "PATRONI_REWIND_PASSWORD": passwords["REPLICATION_PASSWORD"],
            "DATABASE_PASSWORD": passwords["DATABASE_PASSWORD"],
            "PGUSER": "postgres",
            "PGPASSWORD": passwords["REPLICATION_PASSWORD"],
            "LC_ALL": "C",
        }
        # As docker/patroni.yml has it.
        made.append(Node(name, port, Path("/tmp"), home / "data", environ))  # noqa: S108
    return made


def check(node: Node, configuration: Path) -> str:
    """What Patroni says of its configuration. Raises NotReady if it finds fault with it."""
    command: list[str | Path] = [program("patroni", "patroni"), "--validate-config", configuration]
    return processes.run(command, node.environ)


def start(node: Node, folder: Path, seconds: float = 90) -> Process:
    """Start one, and wait until its server answers."""
    command: list[str | Path] = [program("patroni", "patroni"), folder / "docker" / "patroni.yml"]
    process = processes.start(node.name, command, folder, node.environ)
    processes.wait_until(lambda: postgres.answers(node), process, f"PostgreSQL {node.name}", seconds)
    return process
