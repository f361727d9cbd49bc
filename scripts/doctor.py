"""``parley doctor``"""

import json
import sys

import click
from rich.table import Table

from scripts.store import opened
from scripts.tables import printed
from service import questions


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def command(as_json: bool) -> None:
    """Look at the database, and at where it lies, for what endangers it. Exit status 1: something does."""
    found, concerns = questions.diagnosis(opened(unready=True))
    grave = any(concern.grave for concern in concerns)
    if as_json:
        told = [concern._asdict() for concern in concerns]
        click.echo(json.dumps({"sound": not concerns, "concerns": told, "facts": found._asdict()}))
    else:
        table = Table("What", "Found", show_header=False)
        for name, value in {**found._asdict(), "version": ".".join(map(str, found.version))}.items():
            if value not in (None, [], {}):
                table.add_row(
                    name,
                    ", ".join(f"{k} {v}" for k, v in value.items())
                    if isinstance(value, dict)
                    else str(value),
                )
        printed(table, stderr=True)
        for concern in concerns:
            click.echo(f"{'WRONG' if concern.grave else 'beware'} {concern.name}: {concern.detail}", err=True)
        click.echo("wrong" if grave else "beware" if concerns else "sound")
    sys.exit(bool(concerns))
