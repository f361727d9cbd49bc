"""``parley migrate``"""

import click

from scripts.store import opened
from service.storage import migrate


@click.command("migrate")
def command() -> None:
    """Bring the database's schema up to date. Several at once are safe: one does the work."""
    opened(migrating=True)
    done = migrate.migrate()
    for name in done:
        click.echo(f"applied {name}", err=True)
    click.echo(f"{len(done)} applied")
