"""The stores that benchmarks run on: made once for each size, kept where a folder is given.

``python -m scripts.benchmark_store EDGES``, in a process of its own, fills the store that the settings name.
"""

import os
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scripts import sample
from service import settings
from service.storage import database, migrate


def environ(folder: Path, edges: int) -> dict[str, str]:
    """What to run a command with, for its store to be that of so many edges."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return {**others, "PARLEY_HOME": str(folder / f"edges-{edges}")}


def is_made(folder: Path, edges: int) -> bool:
    return (folder / f"edges-{edges}").exists()


def make(edges: int) -> int:
    """Fill a store, and put it in its place when it is whole. The number of edges: so many or a few more."""
    found = settings.load()
    aside = found.home.with_name(f".{found.home.name}.{os.getpid()}")
    file = aside / "parley.db"
    database.connect(found._replace(database_url=f"sqlite:///{file}", synchronous="normal"), create=True)
    migrate.migrate()
    console = Console(stderr=True)
    columns = TextColumn("Making a store"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=edges)
        made = sample.fill(sample.Shape.of_edges(edges), edges, done=lambda n: progress.advance(task, n))
    database.disconnect()
    aside.rename(found.home)
    return made


if __name__ == "__main__":
    sys.stdout.write(f"{make(int(sys.argv[1]))}\n")
