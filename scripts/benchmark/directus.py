"""Directus with the rows of a store, in a copy of the file, among whose tables it puts its own."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.benchmark import servers

VERSION = "11.9.2"
PACKAGES = (f"directus@{VERSION}",)
BUILT = ("sqlite3", "isolated-vm", "argon2")
TOKEN = "benchmark-0123456789abcdef"  # noqa: S105 -- of a server on loopback, for as long as a benchmark
_SETTINGS = {
    "HOST": servers.HOST,
    "DB_CLIENT": "sqlite3",
    "SECRET": TOKEN,
    "ADMIN_EMAIL": "benchmark@example.org",
    "ADMIN_PASSWORD": TOKEN,
    "ADMIN_TOKEN": TOKEN,
    "TELEMETRY": "false",
    "LOG_LEVEL": "silent",
    "NODE_ENV": "production",
    "WEBSOCKETS_ENABLED": "false",
}


def prepared(
    modules: Path, rows: Path, port: int, environ: Mapping[str, str], run: Callable[[list[str], Path], None]
) -> tuple[list[str], Mapping[str, str]]:
    """How to start it; the copy is made if it is not there. ``run`` runs a command in a folder."""
    folder = rows.with_name(f"directus-{VERSION}")
    environ = {**environ, **_SETTINGS, "PORT": str(port), "DB_FILENAME": str(folder / "rows.db")}
    command = ["node", str(modules / "directus" / "cli.js")]
    if not (folder / "stamp").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(rows, folder / "rows.db")
        given = [f"{name}={value}" for name, value in environ.items()]
        run(["env", *given, *command, "bootstrap"], folder)
        (folder / "stamp").touch()
    return [*command, "start"], environ
