"""What the service takes: time to its first answer, memory of its workers after some thousands of answers."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from scripts.benchmark import asked, servers
from scripts.benchmark.load import get, load

FIRST = "/v1/actors/actor-0000/positions?limit=100"
STARTS = 5
_KIBIBYTES = 1024


def measured(environ: Mapping[str, str], requests: int, connections: int) -> dict[str, float]:
    """Seconds to a first answer; MiB of a server after so many requests, as many of each kind."""
    started = cold_start(environ)
    paths = asked.paths(asked.store(Path(environ["PARLEY_HOME"]) / "parley.db")).values()
    port = servers.free_port()
    command, given = servers.parley(environ, port)
    with servers.running(command, given, port, FIRST) as process:
        answered = sum(
            load(
                (servers.HOST, port),
                map(get, made(0)),
                connections=connections,
                seconds=600,
                most=requests // len(paths),
            ).number
            for made in paths
        )
        return {"first_answer_s": started, "requests": answered, **memory(process)}


def processes(parent: int) -> Iterator[int]:
    """The process ids below a process."""
    for tasks in Path(f"/proc/{parent}/task").iterdir():
        for child in (tasks / "children").read_text().split():
            yield int(child)
            yield from processes(int(child))


def memory(parent: int) -> dict[str, float]:
    """MiB of a server's workers together.

    The proportional set size, and what of it is the database: of pages of the file each has its share, and
    they are the system's cache, too, and go when it wants them back. The rest is private, but for what the
    workers share of modules with each other and with the process above them, whose own set stands beside.
    """
    workers = [*processes(parent)]
    found: Counter[str] = sum(map(_mapped, workers), Counter())
    sizes = {
        "pss": found["pss"],
        "of_which_database": found["database"],
        "private": found["private"],
        "process_above_pss": _mapped(parent)["pss"],
    }
    return {"workers": len(workers)} | {
        f"{name}_mib": round(size / _KIBIBYTES, 1) for name, size in sizes.items()
    }


def _mapped(process: int) -> Counter[str]:
    """KiB of a process, by what they are."""
    found: Counter[str] = Counter()
    database = False
    for line in Path(f"/proc/{process}/smaps").read_text().splitlines():
        name, _, rest = line.partition(":")
        if line[:1] in "0123456789abcdef":
            database = ".db" in line.rpartition("/")[2]
        elif name == "Pss":
            size = int(rest.split()[0])
            found += Counter(pss=size, database=size * database)
        elif name in ("Private_Clean", "Private_Dirty") and not database:
            found["private"] += int(rest.split()[0])
    return found


def cold_start(environ: Mapping[str, str]) -> float:
    """Seconds from starting the command to its first answer, a page of a history: the median of a few."""
    taken = []
    for _ in range(STARTS):
        port = servers.free_port()
        command, given = servers.parley(environ, port)
        began = time.perf_counter()
        with servers.running(command, given, port, FIRST):
            taken.append(time.perf_counter() - began)
    return round(median(taken), 3)
