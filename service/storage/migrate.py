"""Bringing a database's schema up to date, and telling whether it is."""

from pathlib import Path

from playhouse.migrations import Runner

from service.errors import NotMigrated
from service.storage.database import database, reading, told

DIRECTORY = Path(__file__).parent / "migrations"


def migrate() -> list[str]:
    """Apply what is pending and return the names. Of several processes at once, one does the work."""
    with told(), database.migrating():
        return list(_runner().up())


def state() -> tuple[list[str], list[str]]:
    """The migrations that are to be applied, and those that were and that this release does not know."""
    with reading(newest=True):
        steps = _runner().status()
    return (
        [step.name for step in steps if not step.applied],
        [step.name for step in steps if step.path is None],
    )


def check() -> None:
    """Raise NotMigrated, saying what to do, unless the schema is the one this release needs."""
    pending, unknown = state()
    if unknown:
        raise NotMigrated(
            f"The database was made by a newer release (it has {unknown[-1]}). Install that one."
        )
    if pending:
        raise NotMigrated(f"The database needs migrating ({', '.join(pending)}). Run: parley migrate")


def _runner() -> Runner:
    return Runner(database.obj, str(DIRECTORY))
