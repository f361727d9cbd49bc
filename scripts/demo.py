"""``parley demo``"""

import click

from scripts.store import opened
from service import questions
from service.ingest import demo


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing if the store holds anything.")
def command(if_empty: bool) -> None:
    """Load the demo negotiation: the US-led talks on Ukraine of December 2025."""
    opened()
    if if_empty and questions.state():
        return
    counts = demo.load()
    click.echo(f"{counts.created} records created, {counts.unchanged} unchanged")
