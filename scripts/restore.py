"""``parley restore``"""

from pathlib import Path

import click

from scripts.backup import FILE, progress, tell
from scripts.store import opened
from service import restoring


@click.command("restore")
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Replace the store that is there.")
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def command(file: Path, force: bool, as_json: bool) -> None:
    """Check a backup, and put it in the place of the store. The service must not be running."""
    settings = opened(mapped=False, migrating=True)
    tell(restoring.restore(settings, file, progress, force=force), as_json)
