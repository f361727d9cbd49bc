"""``parley serve``"""

import os
import sys
from pathlib import Path

import click

from scripts.store import opened

_INSTALLED = Path(__file__).with_name("gunicorn.conf.py")
CONFIGURATION = (
    _INSTALLED if _INSTALLED.exists() else Path(__file__).parent.parent / "docker" / "gunicorn.conf.py"
)
"""In a checkout, and in the image, it lies with what else runs the service for real."""


@click.command("serve")
def command() -> None:
    """Run the service under gunicorn, as docker/gunicorn.conf.py configures it."""
    opened()  # Says at once, and once, if the database needs migrating.
    arguments = [sys.executable, "-m", "gunicorn", "--config", str(CONFIGURATION)]
    os.execv(sys.executable, arguments)  # noqa: S606 -- gunicorn takes this process over
