"""``parley settings``"""

import json

import click
from rich.table import Column, Table

from scripts.tables import printed
from service import settings
from service.secrets import without_password

COLUMNS = ("Value", "Default", "What it is")


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def command(as_json: bool) -> None:
    """Show every setting: name, value, default, help. Secrets are not shown."""
    values = settings.load()._asdict()
    rows = [
        {
            "name": setting.name,
            "value": _shown(values[setting.name.removeprefix("PARLEY_").lower()], setting.secret),
            "default": _shown(setting.default),
            "help": setting.help,
        }
        for setting in settings.TABLE
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    table = Table(Column("Setting", no_wrap=True), *(Column(name, overflow="fold") for name in COLUMNS))
    for row in rows:
        table.add_row(*row.values())
    printed(table)


def _shown(value: object, secret: bool = False) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "(set)" if secret and text else without_password(text)
