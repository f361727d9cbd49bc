"""What the service takes: memory of its workers, time to its first answer."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from scripts.benchmark import servers

STARTS = 3
_MIB = 1024


def processes(parent: int) -> Iterator[int]:
    """The process ids below a process."""
    for tasks in Path(f"/proc/{parent}/task").iterdir():
        for child in (tasks / "children").read_text().split():
            yield int(child)
            yield from processes(int(child))


def memory(parent: int) -> dict[str, float]:
    """The proportional set size in MiB of a server's workers together, and of what of it is the database.

    Pages of the file that several map are shared among them; they are the system's cache, too, and go when
    it wants them back.
    """
    total = mapped = 0
    workers = [*processes(parent)]
    for worker in workers:
        database = False
        for line in Path(f"/proc/{worker}/smaps").read_text().splitlines():
            if line[:1] in "0123456789abcdef":
                database = ".db" in line.rpartition("/")[2]
            elif line.startswith("Pss:"):
                total += int(line.split()[1])
                mapped += database * int(line.split()[1])
    return {
        "workers": len(workers),
        "pss_mib": round(total / _MIB, 1),
        "of_which_database_mib": round(mapped / _MIB, 1),
    }


def cold_start(environ: Mapping[str, str], path: str) -> float:
    """Seconds from starting the command to its first answer: the median of a few."""
    taken = []
    for _ in range(STARTS):
        port = servers.free_port()
        command, given = servers.parley(environ, port)
        began = time.perf_counter()
        with servers.running(command, given, port, path):
            taken.append(time.perf_counter() - began)
    return round(median(taken), 3)
