"""The primary is killed while callers write and read: how long until both go on, and is anything lost?

./scripts/cluster failover
"""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Literal, NamedTuple

import click

from scripts import cluster_postgres as postgres
from scripts import cluster_processes as processes
from scripts.cluster_processes import NotReady
from scripts.cluster_topology import Cluster, cluster
from scripts.trial_load import Load, longest_gap

RECORD = {"kind": "actor", "id": "read-over-and-over", "type": "person", "name": "Ann"}


class Figures(NamedTuple):
    """What one failover came to. Times are in seconds."""

    promoted: float
    """From the kill until the standby was the primary."""
    writes_missing: float
    """The longest time without an acknowledged write, and without a read that succeeded, of any caller."""
    reads_missing: float
    back: float
    """From the start of the old primary until every commit waited for it again, as the standby."""
    acknowledged: int
    """Writes, before, during and after."""
    lost: int
    """Of those, how many are not in the store; and how many keys are in it more than once."""
    doubled: int
    refused: dict[str, int]


def trial(
    how: Literal["by-hand", "by-patroni"] = "by-hand",
    *,
    rounds: int = 1,
    writers: int = 8,
    readers: int = 4,
    seconds: float = 5,
) -> list[Figures]:
    """Kill the primary ``rounds`` times, under load for ``seconds`` before and after each."""
    with cluster(how) as running:
        token = running.parley("token", "create", "--scope", "write", "--name", "trial").split()[-1]
        document = running.folder / "record.ndjson"
        document.write_text(json.dumps(RECORD))
        running.parley("import", str(document))
        return [_round(running, token, writers, readers, seconds) for _ in range(rounds)]


def _round(running: Cluster, token: str, writers: int, readers: int, seconds: float) -> Figures:
    primary = next(node for node in running.nodes if postgres.is_primary(node))
    standby = next(node for node in running.nodes if node is not primary)
    load = Load(running.proxy, token, f"/v1/actors/{RECORD['id']}")
    load.start(writers, readers)
    try:
        time.sleep(seconds)
        killed = time.monotonic()
        postgres.kill(primary, running.running[primary.name])
        if running.start_node is postgres.start:
            postgres.command(standby, "promote")
        processes.wait_until(lambda: postgres.is_primary(standby), None, "promotion")
        promoted = time.monotonic() - killed
        time.sleep(seconds)
        returned = time.monotonic()
        running.running[primary.name] = running.start_node(primary, running.folder)
        if running.start_node is postgres.start:
            postgres.command(standby, "protect")
        processes.wait_until(lambda: postgres.is_protected(standby), None, "synchronous replication")
        back = time.monotonic() - returned
        time.sleep(min(seconds, 1))
    finally:
        load.stop()
    lost, doubled = compare(running, load)
    return Figures(
        promoted=promoted,
        writes_missing=longest_gap(load.written, killed),
        reads_missing=longest_gap(load.read, killed),
        back=back,
        acknowledged=len(load.acknowledged),
        lost=lost,
        doubled=doubled,
        refused=dict(load.refused),
    )


def compare(running: Cluster, load: Load) -> tuple[int, int]:
    """How many acknowledged writes are lost, and how many are there twice. Raises NotReady if the store is
    not what was written to it (``parley check``).
    """
    running.parley("check")
    file = running.folder / "records.ndjson"
    running.parley("export", "records", "--force", str(file))
    documents = [json.loads(line) for line in file.read_text().splitlines()]
    ids = {document["id"] for document in documents}
    names = Counter(document.get("name") for document in documents)
    lost = sum(id not in ids for id in load.acknowledged.values())
    return lost, sum(names[key] > 1 for key in load.acknowledged)


def told(figures: list[Figures]) -> str:
    lines = ["promoted  writes missing  reads missing  back     acknowledged  lost  twice  refused"]
    for one in figures:
        refused = ", ".join(f"{what}: {often}" for what, often in sorted(one.refused.items()))
        lines.append(
            f"{one.promoted:6.2f} s  {one.writes_missing:12.2f} s  {one.reads_missing:11.2f} s  "
            f"{one.back:5.2f} s  {one.acknowledged:12}  {one.lost:4}  {one.doubled:5}  {refused}"
        )
    return "\n".join(lines)


def run(how: Literal["by-hand", "by-patroni"], rounds: int, file: str | None) -> int:
    """The trial, told; exit status 1 if anything was lost or is there twice."""
    try:
        figures = trial(how, rounds=rounds)
    except NotReady as error:
        click.echo(error)
        return 1
    click.echo(told(figures))
    if file:
        Path(file).write_text(json.dumps([one._asdict() for one in figures], indent=2))
    return int(any(one.lost or one.doubled for one in figures))
