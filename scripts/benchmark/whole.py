"""The whole of ``parley benchmark``: what is measured, in which order, into one result."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from json import loads
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scripts.benchmark import agreeing, asked, footprint, postgresql, reads, servers, stores, writes
from scripts.benchmark.process import module
from service.errors import ParleyError

SMALL, LARGE = 10_000, 1_000_000
"""Statements of the two stores."""
READS = ("history", "timeline", "timeline from a date", "record", "search")
PARTS = (*READS, "writes", "networks", "footprint")
Result = dict[str, Any]


class Wanted(NamedTuple):
    """What to measure, and how much."""

    parts: Sequence[str]
    peers: Sequence[str]
    sizes: Sequence[int]
    imported: int
    """Statements of the file that is imported."""
    postgresql: bool
    """Whether to measure a store there as well."""
    served: int
    """Requests after which memory is looked at."""
    plan: reads.Plan

    def wants(self, part: str) -> bool:
        return not self.parts or part in self.parts


def measure(result: Result, wanted: Wanted, kept: Path) -> None:
    """Put into the result everything that is wanted, of stores that are kept in a folder."""
    result |= _machine() | wanted.plan._asdict()
    for size in wanted.sizes:
        largest = size == wanted.sizes[-1]
        _reads(result, wanted, kept, size, wanted.peers if largest else ())
    small = stores.made(kept, wanted.sizes[0], stores.STATEMENTS)
    large = stores.made(kept, wanted.sizes[-1], stores.STATEMENTS)
    if wanted.wants("writes"):
        result["writes"] = _writes(wanted, small)
    if wanted.wants("networks"):
        with progress("Networks"):
            result["networks"] = loads(module(["scripts.benchmark.networks_stored"], large))
    if wanted.wants("footprint"):
        with progress("Footprint"), servers.on(servers.cores()[1]):
            result["footprint"] = footprint.measured(large, wanted.served, reads.CONNECTIONS)


def _machine() -> Result:
    """What a figure depends on beside the code."""
    return {
        "benchmark": "parley",
        "date": datetime.now(UTC).date().isoformat(),
        "parley": version("parley"),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "workers": servers.WORKERS,
        "threads": servers.THREADS,
        "connections": reads.CONNECTIONS,
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _reads(result: Result, wanted: Wanted, kept: Path, size: int, peers: Sequence[str]) -> None:
    """Measure the reads of the store of that size."""
    environ = stores.made(kept, size, stores.STATEMENTS)
    home = Path(environ["PARLEY_HOME"])
    found = asked.store(home / "parley.db")
    paths = {measure: made for measure, made in asked.paths(found).items() if wanted.wants(measure)}
    if not paths:
        return
    plan = wanted.plan
    with ExitStack() as stack, stores.folder(None) as folder, servers.on(servers.cores()[1]):
        runs = reads.parley(stack, environ, paths)
        address = runs[0].address
        runs += reads.floors(stack, folder, address, paths)
        pages = agreeing.histories(address, found)
        agreeing.with_query(home / "parley.db", pages)
        more, missing = reads.others(stack, kept / "tools", home, found, pages, peers)
        runs += [run for run in more if run.measure in paths]
        if size == wanted.sizes[-1] and wanted.postgresql:
            try:
                stack.enter_context(postgresql.running(kept))
                there = postgresql.made(kept, environ, size)
                runs += reads.on_postgresql(stack, there, paths, pages, found)
            except ParleyError as error:
                missing["PostgreSQL"] = error.detail
        for name, why in missing.items():
            click.echo(f"{name} is left out: {why}", err=True)
        with progress(f"Reads, {size:,} statements", plan.rounds * len(runs)) as advance:
            measured = reads.by_turns(runs, plan, advance)
        result.setdefault("reads", {})[str(size)] = reads.figures(runs, measured)
        result["missing"] = missing
    with stores.folder(None) as folder, progress("Inside the service"):
        inside = reads.inside(environ, folder, paths, plan.seconds)
        result.setdefault("inside", {})[str(size)] = inside


def _writes(wanted: Wanted, environ: Mapping[str, str]) -> Result:
    """Measure the writes, each to a store of its own."""
    plan = wanted.plan
    found: Result = {}
    with stores.folder(None) as folder, progress("Import"):
        found["import"] = writes.imported(folder, environ, wanted.imported)
    with servers.on(servers.cores()[1]), stores.folder(None) as folder:
        with progress("Single writes", plan.rounds + 1) as advance:
            found["single"] = writes.single(folder, environ, plan.rounds, plan.seconds, advance)
        with progress("Writes at once"):
            found["at once"] = writes.at_once(folder, environ, plan.rounds * plan.seconds)
    return found


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Any]:
    """A progress bar where somebody is there to see it; what is yielded advances it by one."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(description, total=total)
        yield lambda: bar.advance(task)
