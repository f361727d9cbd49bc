"""The tools of others that exports are opened with: Graphviz, and npm packages run by Node."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parent / "clients"


def needed(*commands: str) -> None:
    """Skips the test where a command is not installed; in CI, where scripts/test installs them, fails it."""
    missing = [command for command in commands if shutil.which(command) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture(scope="session")
def clients() -> Path:
    """The folder of the scripts that read with npm packages, with the packages that its lock has."""
    needed("node", "npm")
    lock, installed = CLIENTS / "package-lock.json", CLIENTS / "node_modules" / ".package-lock.json"
    with lock.open() as alone:
        # Two processes of one run that install at once would each delete what the other has.
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(command, cwd=CLIENTS, check=True, timeout=300)
    return CLIENTS


@pytest.fixture(scope="session")
def dot() -> str:
    """Graphviz's command."""
    needed("dot")
    return "dot"
