"""``parley deliver``"""

import signal
from threading import Event

import click

from scripts.store import opened
from service.delivering import outbox


@click.command("deliver")
@click.option("--once", is_flag=True, help="Send what is due now, and end.")
def command(once: bool) -> None:
    """Send webhooks what was recorded, until told to stop (SIGTERM). Several at once share the work."""
    settings = opened()
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    counts = outbox.deliver(
        stopped, private=settings.webhook_private, once=once, tell=lambda text: click.echo(text, err=True)
    )
    click.echo(f"{counts['delivered']} delivered, {counts['failed']} failed")
