"""``parley check``"""

import itertools
import json
import re
import sys
from typing import Any

import click

from scripts.files import watched
from scripts.store import opened
from service.questions import Finding, Head, check
from service.questions.checking import size
from service.shown import printable


class HeadOfChain(click.ParamType[Any]):
    """The number of a revision and its hash, as ``parley check`` prints them."""

    name = "seq:hash"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not (found := re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", value, re.ASCII)):
            self.fail(
                f"{value!r} is not what parley check prints: a number, a colon, 64 of 0-9a-f", param, ctx
            )
        return Head(int(found[1]), bytes.fromhex(found[2]))


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
            click.echo(printable(f"{finding.where}: {finding.what}"))

    with watched("Checking", size) as advanced:
        head = check(kept, found, advanced)
    told = {"head": str(head), "findings": [one._asdict() for one in findings]}
    click.echo(json.dumps(told) if as_json else head)
    sys.exit(bool(next(counted)))
