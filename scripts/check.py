"""``parley check``"""

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from scripts.arguments import HeadOfChain
from scripts.store import opened
from service.questions import Finding, Head, check
from service.questions.checking import size


@click.command("check")
@click.option(
    "--head", "kept", type=HeadOfChain(), help="A head noted before: it must be in the history still."
)
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def command(kept: Head | None, as_json: bool) -> None:
    """Check that the store is what was written to it, and print the head of its history.

    A line for each finding, and exit status 1 if there is any. Note the head somewhere else: with it a later
    check also detects that the end of the history was cut off.
    """
    opened(mapped=False)
    findings: list[Finding] = []
    counted = itertools.count()

    def found(finding: Finding) -> None:
        next(counted)
        if as_json:
            findings.append(finding)
        else:
            click.echo(f"{finding.where}: {finding.what}")

    with _watched() as advanced:
        head = check(kept, found, advanced)
    told = {"head": str(head), "findings": [one._asdict() for one in findings]}
    click.echo(json.dumps(told) if as_json else head)
    sys.exit(bool(next(counted)))


@contextmanager
def _watched() -> Iterator[Callable[[int], None]]:
    """What to tell of steps that are done: a progress bar where somebody is there to see it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Checking", total=size())
        yield lambda steps: progress.advance(task, steps)
