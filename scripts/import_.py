"""``parley import``"""

from typing import BinaryIO

import click

from scripts.store import opened
from service.ingest import ndjson


@click.command("import")
@click.argument("file", type=click.File("rb"))
def command(file: BinaryIO) -> None:
    """Record documents from FILE (- for standard input): one JSON document a line, all or nothing.

    References may go to other lines of the file. A document that the store holds already is passed over.
    """
    opened()
    counts = ndjson.load(file, "parley import")
    click.echo(f"{counts['created']} records created, {counts['unchanged']} unchanged")
