"""Bringing a database's schema up to date, and telling whether it is."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playhouse.migrations import Runner

from service.errors import NotMigrated
from service.storage.database import database, reading, told

DIRECTORY = Path(__file__).parent / "migrations"


def migrate() -> list[str]:
    """Apply what is pending and return the names. Of several processes at once, one does the work."""
    with told(), _alone():
        return list(_runner().up())


def check() -> None:
    """Raise NotMigrated, saying what to do, unless the schema is the one this release needs."""
    with reading():
        steps = _runner().status()
    if unknown := [step.name for step in steps if step.path is None]:
        raise NotMigrated(
            f"The database was made by a newer release (it has {unknown[-1]}). Install that one."
        )
    if pending := [step.name for step in steps if not step.applied]:
        raise NotMigrated(f"The database needs migrating ({', '.join(pending)}). Run: parley migrate")


def _runner() -> Runner:
    return Runner(database.obj, str(DIRECTORY))


@contextmanager
def _alone() -> Iterator[None]:
    # playhouse.migrations takes no lock. A lock on a file of its own lasts over the several transactions
    # of a run, and the system drops it if the process dies.
    with Path(f"{database.database}.migrating").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
