"""``parley benchmark``"""

import json
from pathlib import Path

import click
from rich.console import Console

from scripts.benchmark import chart, export, networks, peers, reads, stores, tables, whole
from scripts.benchmark.whole import LARGE, PARTS, SMALL, Wanted

QUICK = reads.Plan(1, 0.5)
QUICK_IMPORT = 2_000
SERVED, QUICK_SERVED = 10_000, 1_000


@click.group("benchmark", invoke_without_command=True)
@click.option("--quick", is_flag=True, help="The small store alone: for what is answered, not how fast.")
@click.option("--store", type=click.Path(file_okay=False), help="Folder that keeps stores and peers.")
@click.option(
    "--statements", type=click.IntRange(SMALL), default=LARGE, show_default=True, help="How large a store."
)
@click.option(
    "--imported", type=click.IntRange(1_000), default=100_000, show_default=True, help="Of an import."
)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="How often.")
@click.option(
    "--seconds", type=click.FloatRange(0.1), default=2.0, show_default=True, help="How long at a time."
)
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Only this part; may be given again.")
@click.option(
    "--peer",
    "others",
    multiple=True,
    type=click.Choice(peers.ALL),
    help="Only this of the peers; may be given again. Otherwise all, of which --quick tries the first two.",
)
@click.option("--json-file", type=click.Path(dir_okay=False), help="A file for the figures.")
@click.option(
    "--chart", "drawing", type=click.Path(dir_okay=False), help="A file for a chart of reads (SVG)."
)
@click.option("--compare", type=click.Path(exists=True, dir_okay=False), help="Figures of an earlier run.")
@click.pass_context
def command(
    context: click.Context,
    quick: bool,
    store: str | None,
    statements: int,
    imported: int,
    rounds: int,
    seconds: float,
    only: tuple[str, ...],
    others: tuple[str, ...],
    json_file: str | None,
    drawing: str | None,
    compare: str | None,
) -> None:
    """Measure Parley beside what one would otherwise use, in one run on one machine.

    Without a command: reads of a small and of a large store, which are made first; writes; networks; memory.
    """
    if context.invoked_subcommand:
        return
    wanted = Wanted(
        only,
        others or (peers.QUICK if quick else peers.ALL),
        (SMALL,) if quick else (SMALL, statements),
        QUICK_IMPORT if quick else imported,
        not quick,
        QUICK_SERVED if quick else SERVED,
        QUICK if quick else reads.Plan(rounds, seconds),
    )
    before = json.loads(Path(compare).read_text()) if compare else None
    result: whole.Result = {}
    try:
        with stores.folder(store) as kept:
            whole.measure(result, wanted, kept)
    finally:
        if json_file:  # Also what there is of a run that was stopped: it takes a quarter of an hour.
            Path(json_file).write_text(json.dumps(result, indent=2) + "\n")
    console = Console()
    for table in tables.all(result):
        console.print(table)
    if before:
        console.print(tables.changes(before, result))
    if drawing:
        Path(drawing).write_text(chart.drawn(result), encoding="utf-8")
        click.echo(drawing)
    if json_file:
        click.echo(json_file)


command.add_command(export.command)
command.add_command(networks.command)
