"""The ``parley`` command: one thin file for each subcommand, loaded when it is called."""

import importlib
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

import click

from service.errors import ParleyError, StoreUnavailable
from service.shown import printable

COMMANDS = {
    "serve": ("scripts.serving", "Run the service."),
    "migrate": ("scripts.migrate", "Bring the database's schema up to date."),
    "demo": ("scripts.demo", "Load the demo negotiation."),
    "settings": ("scripts.show_settings", "Show every setting: name, value, default, help."),
    "token": ("scripts.token", "Create, list, rotate and revoke access tokens."),
    "import": ("scripts.import_", "Record documents from a file of NDJSON."),
    "export": ("scripts.export", "Write what the store holds to a file."),
    "webhook": ("scripts.webhook", "Say where to send what is recorded."),
    "deliver": ("scripts.deliver", "Send webhooks what was recorded."),
    "merge": ("scripts.merge", "Make one record of two that are the same."),
    "duplicates": ("scripts.duplicates", "Find records of one name, and of names that look the same."),
    "check": ("scripts.check", "Check that the store is what was written to it."),
    "backup": ("scripts.backup", "Copy the whole store into a file, and check the copy."),
    "restore": ("scripts.restore", "Put a backup in the place of the store."),
    "doctor": ("scripts.doctor", "Look for what endangers the database."),
    "benchmark": ("scripts.benchmark.command", "Measure, beside what one would otherwise use."),
}
REFUSED = 1


class Lazy(click.Group):
    """A group whose commands are imported only when they run: ``parley token`` needs no web server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ParleyError as error:
            # What is wrong with a file is told in its own words.
            click.echo(printable(f"parley: {error.detail}"), err=True)
            cause = " ".join(str(error.__cause__ or "").split())
            if isinstance(error, StoreUnavailable) and cause not in error.detail:
                # What only the log says where others ask over HTTP. Which database, parley settings shows.
                click.echo(printable(f"  {cause}"), err=True)
            for fault in error.faults:
                click.echo(printable(f"  {fault.place}: {fault.detail}"), err=True)
            for referrer in getattr(error, "referrers", ()):
                click.echo(f"  {' '.join(referrer.values())}", err=True)
            sys.exit(REFUSED)
        except UnicodeEncodeError as error:
            # Bytes that are no text in its locale Python hands on as surrogates, which no database takes.
            given = os.fsencode(error.object).decode(errors="replace")
            click.echo(f"parley: {given} is not UTF-8, or this locale is not: try LC_ALL=C.UTF-8.", err=True)
            sys.exit(REFUSED)
        except BrokenPipeError:
            raise  # click ends quietly for a reader who has seen enough.
        except OSError as error:
            about = "" if error.filename is None else f"{error.filename}: "
            click.echo(f"parley: {about}{error.strerror or error}", err=True)
            if sys.__stdout__ and sys.stdout is sys.__stdout__:
                # What it did not take, Python would write once more at its end, and complain of that.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
            sys.exit(REFUSED)


@click.command(cls=Lazy)
@click.version_option(package_name="parley")
def main() -> None:
    """Parley records who said what in negotiations, and answers where each party stands.

    Exit status: 0 done, 1 refused, 2 used wrongly. What a command made is its last line; progress goes to
    standard error. Settings are read from the environment: see parley settings.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # and not, as nohup leaves it, ignored
            signal.signal(number, _ended)


def _ended(number: int, _: FrameType | None) -> NoReturn:
    """End as from within: half a file is taken away, and what was started is stopped.

    With the status that a shell gives for it.
    """
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
