"""``parley token create|list|revoke|rotate``"""

import json
import time
from datetime import timedelta

import click
from marshmallow import ValidationError
from rich.table import Table

from schemas.fields import Line
from schemas.vocabulary import SCOPES
from scripts.arguments import NUMBER
from scripts.store import opened
from scripts.tables import printed
from service.diplomacy.revisions import instant
from service.storage import tokens


def _line(_: click.Context, __: click.Parameter, value: str) -> str:
    """A name that can be read where it stands: not blank, on one line, as the texts of records are."""
    try:
        return str(Line().deserialize(value.encode().decode()))  # or it is no text in this locale
    except ValidationError as error:
        raise click.BadParameter(" ".join(map(str, error.messages))) from error


@click.group("token")
def command() -> None:
    """Create, list, rotate and revoke access tokens."""


@command.command("create")
@click.option("--scope", type=click.Choice(SCOPES), required=True, help="Each includes those before it.")
@click.option(
    "--name",
    default="unnamed",
    show_default=True,
    callback=_line,
    help="Stands in the history of what it writes.",
)
@click.option("--days", type=click.IntRange(1, 36_500), help="Days until it expires (default: never).")
@click.option("--first", is_flag=True, help="Only if there is no token yet; print nothing otherwise.")
def create(scope: str, name: str, days: int | None, first: bool) -> None:
    """Make a token and print it. It is shown only now: the store keeps its hash."""
    opened()
    if first and tokens.everyone():
        return
    expires_at = None
    if days:
        expires_at = time.time_ns() // 1000 + timedelta(days=days) // timedelta(microseconds=1)
    click.echo(tokens.create(name, scope, expires_at))


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def list_(as_json: bool) -> None:
    """Show every token: number, name, scope, when it was made, expires, was or will be revoked, was used."""
    opened()
    rows = [
        {
            "number": holder.key,
            "name": holder.name,
            "scope": holder.scope,
            "created": instant(holder.created_at),
            "expires": instant(holder.expires_at) if holder.expires_at else None,
            "revoked": instant(holder.revoked_at) if holder.revoked_at else None,
            "last_used": instant(holder.last_used_at) if holder.last_used_at else None,
        }
        for holder in tokens.everyone()
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    table = Table("Number", "Name", "Scope", "Created", "Expires", "Revoked", "Last used")
    for row in rows:
        number, *words, created, expires, revoked, used = row.values()
        # To the minute, in UTC: a line has room for four, and no more of them is asked for here.
        instants = (str(at or "")[:16].replace("T", " ") for at in (created, expires, revoked, used))
        table.add_row(str(number), *map(str, words), *instants)
    printed(table)


@command.command("revoke")
@click.argument("number", type=NUMBER)
def revoke(number: int) -> None:
    """End a token, by its number in the list."""
    opened()
    tokens.revoke(number)
    click.echo(f"{number} revoked")


@command.command("rotate")
@click.argument("number", type=NUMBER)
@click.option(
    "--overlap",
    type=click.FloatRange(0, 24 * 366),
    default=24,
    show_default=True,
    metavar="HOURS",
    help="How long the old one is good beside the new one.",
)
def rotate(number: int, overlap: float) -> None:
    """Make a token in the place of another: of its name, scope and lifetime. Printed only now."""
    opened()
    click.echo(tokens.rotate(number, timedelta(hours=overlap)))
