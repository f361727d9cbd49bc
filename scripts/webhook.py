"""``parley webhook add|list|remove|retry``"""

import json
from typing import Any

import click
from rich.table import Column, Table

from scripts.arguments import NUMBER
from scripts.store import opened
from scripts.tables import printed
from service.delivering import addresses, outbox
from service.diplomacy.revisions import instant
from service.errors import Undeliverable
from service.storage import webhooks


class Url(click.ParamType[Any]):
    """An address of http or https that a webhook may have."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            addresses.target(value)
        except Undeliverable as error:
            self.fail(error.detail, param, ctx)
        return value


@click.group("webhook")
def command() -> None:
    """Say where to send what is recorded. parley deliver sends it."""


@command.command("add")
@click.argument("url", type=Url())
def add(url: str) -> None:
    """Have everything that is recorded from now on sent to URL, and print the secret that it is signed with.

    The secret is shown only now.
    """
    settings = opened()
    addresses.addresses(addresses.target(url), private=settings.webhook_private)
    number, secret = webhooks.add(url)
    click.echo(f"webhook {number} added; its secret:", err=True)
    click.echo(secret)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def list_(as_json: bool) -> None:
    """Show every webhook: number, address, when made, how many are pending or failed, the last error."""
    opened()
    rows = [
        {
            "number": hook.key,
            "url": hook.url,
            "created": instant(hook.created_at),
            "gone": hook.gone,
            "pending": hook.pending,
            "failed": hook.failed,
            "error": hook.failure,
        }
        for hook in webhooks.everyone()
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    names = ("Number", "URL", "Created", "Gone", "Pending", "Failed", "Last error")
    table = Table(*(Column(name, overflow="fold") for name in names))
    for row in rows:
        table.add_row(*("" if value in (None, False) else str(value) for value in row.values()))
    printed(table)


@command.command("remove")
@click.argument("number", type=NUMBER)
def remove(number: int) -> None:
    """End a webhook, by its number in the list; what is due to it is not sent."""
    opened()
    webhooks.remove(number)
    click.echo(f"{number} removed")


@command.command("retry")
@click.argument("number", type=NUMBER)
def retry(number: int) -> None:
    """Send a webhook again, now and in order, what failed or waits for another attempt."""
    opened()
    click.echo(f"{outbox.retry(number)} due")
