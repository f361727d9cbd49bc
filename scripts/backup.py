"""``parley backup``"""

import json
from pathlib import Path

import click

from scripts.files import watched
from scripts.store import opened
from service.questions import backing_up
from service.questions.backing_up import Held

FILE = click.Path(path_type=Path, dir_okay=False)


def progress(what: str, steps: int):  # type: ignore[no-untyped-def]
    return watched(what, lambda: steps)


@click.command("backup")
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def command(file: Path, as_json: bool) -> None:
    """Copy the whole store into FILE while the service runs, check the copy, and say what it holds.

    A SQLite database becomes one file; a PostgreSQL database what pg_dump makes of it.
    """
    settings = opened(mapped=False)
    tell(backing_up.back_up(settings, file, progress), as_json)


def tell(held: Held, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**held._asdict(), "head": str(held.head)}))
        return
    records = "" if held.records is None else f", {held.records} records"
    click.echo(
        f"{held.head.seq} revisions{records}, the newest of {held.recorded_at}; {held.bytes} bytes; "
        f"head {held.head}",
        err=True,
    )
    click.echo(held.file)
