"""The stores that benchmarks run on: made once for each size, kept where a folder is given.

``python -m scripts.benchmark.stores edges|statements NUMBER``, in a process of its own, fills the store that
the settings name.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts import sample
from scripts.benchmark.process import cost
from scripts.files import watched
from service import settings
from service.storage import database, embedded, migrate

_TOP = Path(__file__).parents[2]
_MADE_BY = ("scripts/sample*.py", "service/storage/migrations/*.py")
EDGES, STATEMENTS = "edges", "statements"
"""What the size of a store is counted in."""


@contextmanager
def folder(given: str | None) -> Iterator[Path]:
    """The folder to keep stores in, or one that is gone afterwards."""
    if given:
        Path(given).mkdir(parents=True, exist_ok=True)
        yield Path(given).absolute()
        return
    with TemporaryDirectory() as made:
        yield Path(made)


def home(kept: Path, number: int, counted: str = EDGES) -> Path:
    """The data folder of the store of that size. Another one when other code would make it."""
    code = sha256()
    for pattern in _MADE_BY:
        for file in sorted(_TOP.glob(pattern)):
            code.update(file.read_bytes())
    return kept / f"{counted}-{number}-{code.hexdigest()[:8]}"


def environ(kept: Path, number: int, counted: str = EDGES) -> dict[str, str]:
    """What to run a command with, for its store to be that of so many edges or statements."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return {**others, "PARLEY_HOME": str(home(kept, number, counted))}


def made(kept: Path, number: int, counted: str = EDGES) -> dict[str, str]:
    """The same, and the store is there."""
    found = environ(kept, number, counted)
    if not home(kept, number, counted).exists():
        cost(["scripts.benchmark.stores", counted, str(number)], found)
    return found


def make(counted: str, number: int) -> int:
    """Fill a store, and put it in its place when it is whole. The number of edges that it has."""
    found = settings.load()
    if not found.database_url.startswith(embedded.SCHEME):
        database.connect(found)
        migrate.migrate()
        return _filled(counted, number)
    aside = found.home.with_name(f".{found.home.name}.{os.getpid()}")
    file = aside / "parley.db"
    database.connect(found._replace(database_url=f"sqlite:///{file}", synchronous="normal"), create=True)
    migrate.migrate()
    written = _filled(counted, number)
    database.disconnect()
    aside.rename(found.home)
    return written


def _filled(counted: str, number: int) -> int:
    if counted == EDGES:
        shape, total, least = sample.Shape.of_edges(number), number, number
    else:
        shape, total, least = sample.Shape(number), int(number * sample.EDGES_PER_STATEMENT), None
    with watched("Making a store", lambda: total) as advance:
        return sample.fill(shape, least, done=advance)


if __name__ == "__main__":
    sys.stdout.write(f"{make(sys.argv[1], int(sys.argv[2]))}\n")
