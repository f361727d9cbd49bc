"""``parley benchmark networks``: congruence of actors, beside a projection with networkx."""

import json
import math
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from scripts.trials import Projected, positions, trial
from service.diplomacy.networks import Network
from service.errors import ParleyError

QUICK = {"actors": 200, "issues": 50, "statements": 5_000}


@click.command("networks")
@click.option("--actors", type=click.IntRange(2), default=2_000, show_default=True, help="How many actors.")
@click.option("--issues", type=click.IntRange(1), default=500, show_default=True, help="How many issues.")
@click.option(
    "--statements", type=click.IntRange(1), default=100_000, show_default=True, help="How many positions."
)
@click.option("--quick", is_flag=True, help="Few actors and issues.")
@click.option("--json", "report", type=click.Path(dir_okay=False), help="A file for the figures.")
def command(actors: int, issues: int, statements: int, quick: bool, report: str | None) -> None:
    """Congruence of actors over issues, from positions in memory to the network, and with networkx.

    Both have to give the same numbers. With networkx it takes a minute or two.
    """
    if quick:
        actors, issues, statements = QUICK["actors"], QUICK["issues"], QUICK["statements"]
    held = list(positions(statements, actors, issues))
    done, network, projected = trial(held, networkx=True)
    same(network, projected)
    ours = done.counting + done.network
    result = {"benchmark": "networks", "actors": actors, "issues": issues, "statements": statements}
    result |= done._asdict()
    theirs = done.networkx or math.nan
    title = f"Congruence of {actors:,} actors, {issues:,} issues, {statements:,} positions"
    table = Table("", "counting s", "network s", "together s", "times faster", title=title)
    seconds = (f"{value:.3f}" for value in (done.counting, done.network, ours))
    table.add_row("Parley", *seconds, f"{theirs / ours:.0f}")
    table.add_row("networkx", "", "", f"{theirs:.3f}", "1")
    Console().print(table)
    if report:
        Path(report).write_text(json.dumps(result, indent=2) + "\n")
        click.echo(report)


def same(network: Network, projected: Projected) -> None:
    """Raise ParleyError where the two ways disagree."""
    if network.size != sum(map(bool, projected.values())):
        raise ParleyError("There are other ties with networkx.")
    for (one, other), weight in ((sorted(pair), weight) for pair, weight in projected.items()):
        if not math.isclose(network.weight(one, other), weight, rel_tol=1e-12, abs_tol=1e-9):
            raise ParleyError(f"{one} and {other}: {network.weight(one, other)}, but {weight} with networkx.")
