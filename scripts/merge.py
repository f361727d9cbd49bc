"""``parley merge``"""

import click

from schemas.vocabulary import KINDS
from scripts.store import opened
from service import recording


@click.command("merge")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("duplicate")
@click.argument("into")
def command(kind: str, duplicate: str, into: str) -> None:
    """Make one record of two: what refers to DUPLICATE refers to INTO from now on, and its id leads there."""
    opened()
    recording.merge(kind, duplicate, into, "parley merge")
    click.echo(into)
