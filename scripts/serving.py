"""``parley serve``"""

import os
import sys
from pathlib import Path

import click

from scripts.store import opened

CONFIGURATION = Path(__file__).parent.parent / "docker" / "gunicorn.conf.py"


@click.command("serve")
def command() -> None:
    """Run the service under gunicorn, as docker/gunicorn.conf.py configures it."""
    opened()  # Says at once, and once, if the database needs migrating.
    arguments = [sys.executable, "-m", "gunicorn", "--config", str(CONFIGURATION)]
    os.execv(sys.executable, arguments)  # noqa: S606 -- gunicorn takes this process over
