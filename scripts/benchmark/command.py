"""``parley benchmark``"""

import json
import os
import platform
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import apsw
import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scripts.benchmark import agreeing, asked, export, networks, peers, reads, servers, stores, tables

SMALL, LARGE = 10_000, 1_000_000
QUICK = reads.Plan(1, 0.5)


@click.group("benchmark", invoke_without_command=True)
@click.option(
    "--quick", is_flag=True, help="The small store alone, and short: for what is compared, not for times."
)
@click.option(
    "--store", type=click.Path(file_okay=False), help="Folder that keeps the stores for the next run."
)
@click.option(
    "--statements", type=click.IntRange(SMALL), default=LARGE, show_default=True, help="How large a store."
)
@click.option(
    "--rounds", type=click.IntRange(1), default=5, show_default=True, help="How often each is measured."
)
@click.option(
    "--seconds", type=click.FloatRange(0.1), default=2.0, show_default=True, help="For how long at a time."
)
@click.option("--only", multiple=True, metavar="MEASURE", help="Only this of the reads; may be given again.")
@click.option(
    "--peer",
    "names",
    multiple=True,
    type=click.Choice([peer.name for peer in peers.PEERS]),
    help="Only these of the others; may be given again. Otherwise all, of which --quick takes the first two.",
)
@click.option("--json-file", type=click.Path(dir_okay=False), help="A file for the figures.")
@click.option("--compare", type=click.Path(exists=True, dir_okay=False), help="Figures of an earlier run.")
@click.pass_context
def command(
    context: click.Context,
    quick: bool,
    store: str | None,
    statements: int,
    rounds: int,
    seconds: float,
    only: tuple[str, ...],
    names: tuple[str, ...],
    json_file: str | None,
    compare: str | None,
) -> None:
    """Measure Parley beside what one would otherwise use, in one run on one machine.

    Without a command: reads, on a small and on a large store, which are made first.
    """
    if context.invoked_subcommand:
        return
    plan = QUICK if quick else reads.Plan(rounds, seconds)
    sizes = (SMALL,) if quick else (SMALL, statements)
    result = _machine() | {"rounds": plan.rounds, "seconds": plan.seconds, "reads": {}, "inside": {}}
    with stores.folder(store) as kept:
        for size in sizes:
            compared = (size == sizes[-1] and (names or (peers.QUICK if quick else peers.ALL))) or ()
            _reads(result, kept, size, plan, set(only), compared)
    console = Console()
    for table in tables.reads(result):
        console.print(table)
    if compare:
        console.print(tables.changes(json.loads(Path(compare).read_text()), result))
    if json_file:
        Path(json_file).write_text(json.dumps(result, indent=2) + "\n")
        click.echo(json_file)


command.add_command(export.command)
command.add_command(networks.command)


def _machine() -> dict[str, Any]:
    """What a figure depends on beside the code."""
    return {
        "benchmark": "parley",
        "date": datetime.now(UTC).date().isoformat(),
        "parley": version("parley"),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "workers": servers.WORKERS,
        "threads": servers.THREADS,
        "connections": reads.CONNECTIONS,
    }


def _reads(
    result: dict[str, Any], kept: Path, size: int, plan: reads.Plan, only: set[str], names: Sequence[str]
) -> None:
    """Measure the reads of the store of that size."""
    environ = stores.made(kept, size, stores.STATEMENTS)
    home = stores.home(kept, size, stores.STATEMENTS)
    found = asked.store(home / "parley.db")
    paths = {measure: made for measure, made in asked.paths(found).items() if not only or measure in only}
    with ExitStack() as stack, stores.folder(None) as folder, servers.on(servers.cores()[1]):
        runs = reads.parley(stack, environ, paths)
        address = runs[0].address
        runs += reads.floors(stack, folder, address, paths)
        pages = agreeing.histories(address, found)
        agreeing.with_query(home / "parley.db", pages)
        more, missing = reads.others(stack, kept / "tools", home, found, pages, names)
        for name, why in missing.items():
            click.echo(f"{name} is left out: {why}", err=True)
        runs += [run for run in more if run.measure in paths]
        with progress() as bar:
            task = bar.add_task(f"Reads, {size:,} statements", total=plan.rounds * len(runs))
            measured = reads.by_turns(runs, plan, lambda: bar.advance(task))
        result["reads"][str(size)] = reads.figures(runs, measured)
        result["missing"] = missing
    with stores.folder(None) as folder:
        result["inside"][str(size)] = reads.inside(environ, folder, paths, plan.seconds)


def progress() -> Progress:
    """A progress bar where somebody is there to see it."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
