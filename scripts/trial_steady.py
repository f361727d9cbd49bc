"""Very many requests of every kind: do descriptors, memory and connections stay what they were?

./scripts/cluster steady
"""

import http.client
import json
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

from scripts import cluster_postgres as postgres
from scripts import cluster_processes as processes
from scripts.cluster_processes import HOST, NotReady
from scripts.cluster_topology import Cluster, cluster

CALLERS = 8
SAMPLES = 10
DESCRIPTORS, KIB = 8, 8 * 1024
"""What a process may have more at the end than when it was warm: connections that the proxy keeps come and
go, and what is kept of answers is bounded."""
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'parley'"


class Worker(NamedTuple):
    """What a process of a service, or of the proxy, held after each part of the requests."""

    service: str
    pid: int
    descriptors: list[int]
    kib: list[int]
    """Proportional set size: its own memory, and its share of what it has in common."""

    def grown(self, warm: int) -> tuple[int, int]:
        return self.descriptors[-1] - self.descriptors[warm], self.kib[-1] - self.kib[warm]


class Figures(NamedTuple):
    """What became of it. ``warm``: the sample from which on nothing may grow."""

    requests: int
    statuses: dict[int, int]
    warm: int
    workers: list[Worker]
    connections: dict[str, list[int]]
    """Of the services to each database server."""

    def flat(self) -> bool:
        grown = [worker.grown(self.warm) for worker in self.workers]
        more = [counts[-1] - counts[self.warm] for counts in self.connections.values()]
        return all(descriptors <= DESCRIPTORS and kib <= KIB for descriptors, kib in grown) and not any(
            connections > DESCRIPTORS for connections in more
        )


def trial(
    requests: int = 100_000, *, replicated: bool = True, tell: Callable[[str], None] | None = None
) -> Figures:
    """So many requests, through the proxy, to two services. Not ``replicated``: on one SQLite file.

    ``tell`` hears of each sample as it is taken: a run that is broken off has shown something.
    """
    with cluster("by-hand" if replicated else "no") as running:
        running.parley("demo")
        token = running.parley("token", "create", "--scope", "write", "--name", "trial").split()[-1]
        workers = [
            Worker(name, pid, [], [])
            for name in (*running.services, "nginx")
            for pid in processes.descendants(running.running[name].running.pid)
        ]
        connections: dict[str, list[int]] = {node.name: [] for node in running.nodes}
        statuses: dict[int, int] = {}
        for part in range(SAMPLES):
            _part(running, token, requests // SAMPLES, statuses)
            for worker in workers:
                worker.descriptors.append(len(list(Path(f"/proc/{worker.pid}/fd").iterdir())))
                worker.kib.append(_memory(worker.pid))
            for node in running.nodes:
                connections[node.name].append(int(postgres.sql(node, CONNECTIONS)))
            if tell:
                held = [f"{worker.descriptors[-1]} / {worker.kib[-1] / 1024:.1f} MiB" for worker in workers]
                held += [f"{counts[-1]} to {name}" for name, counts in connections.items()]
                tell(f"{(part + 1) * requests // SAMPLES} requests: {', '.join(held)}")
        return Figures(sum(statuses.values()), statuses, SAMPLES // 5, workers, connections)


def _memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1])


def _part(running: Cluster, token: str, requests: int, statuses: dict[int, int]) -> None:
    counting = threading.Lock()

    def caller(number: int) -> None:
        connection = http.client.HTTPConnection(HOST, running.proxy, timeout=30)
        mine: list[int] = []
        for turn in range(requests // CALLERS):
            method, path, body = _request(number + turn)
            headers = {"Authorization": f"Bearer {token}"}
            if body is not None:
                headers |= {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            mine.append(answer.status)
        connection.close()
        with counting:
            for status in mine:
                statuses[status] = statuses.get(status, 0) + 1

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(CALLERS)]
    for one in callers:
        one.start()
    for one in callers:
        one.join()


def _request(turn: int) -> tuple[str, str, str | None]:
    """Reads, what is not there, what is refused, and now and then a write."""
    reads = (
        "/v1/actors?limit=5",
        "/v1/actors/donald-trump",
        "/v1/actors/donald-trump/positions",
        f"/v1/search?q=talks+{turn}",
        "/v1/timeline?limit=10",
        f"/v1/actors/nobody-{turn}",
        f"/v1/statements?limit={turn}x",
        "/v1/graph?format=dot",
        "/livez",
    )
    if turn % 20 == 0:
        return "POST", "/v1/actors", json.dumps({"type": "person", "name": f"Nr. {uuid.uuid4()}"})
    if turn % 20 == 1:
        return "POST", "/v1/actors", '{"type": "person", "name": 1}'
    return "GET", reads[turn % len(reads)], None


def run(requests: int, file: str | None) -> int:
    """The trial, told; exit status 1 if anything grew."""
    try:
        figures = trial(requests, tell=lambda line: click.echo(line, err=True))
    except NotReady as error:
        click.echo(error)
        return 1
    click.echo(f"{figures.requests} requests: {figures.statuses}")
    for worker in figures.workers:
        mib = [round(kib / 1024, 1) for kib in worker.kib]
        click.echo(f"{worker.service} {worker.pid}: descriptors {worker.descriptors}, MiB {mib}")
    for name, counts in figures.connections.items():
        click.echo(f"{name}: connections {counts}")
    if file:
        Path(file).write_text(json.dumps(figures._asdict(), indent=2))
    return int(not figures.flat())
