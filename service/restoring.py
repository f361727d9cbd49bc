"""A backup, put back: checked first, and whole or not at all."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from service.errors import Conflict, ParleyError
from service.questions.backing_up import Held, Watched, checked, checked_dump
from service.settings import Settings
from service.storage import backups, database


def restore(settings: Settings, file: Path, watched: Watched, *, force: bool) -> Held:
    """Put a backup in the place of the store, having checked it. Raises Conflict unless there is none yet.

    With ``force`` a store that is there is replaced; not one that a service has open. A backup that is a
    file, of an earlier release, is migrated first.
    """
    if not file.is_file():
        raise ParleyError(f"There is no file {file}.")
    if not backups.embedded():
        if backups.occupied() and not force:
            raise Conflict("There is a store already: --force replaces it.")
        held = checked_dump(file, watched)
        backups.undumped(file, clean=True)
        return held
    place = Path(settings.database_url.removeprefix("sqlite:///"))
    there = place.exists() and place.stat().st_size > 0
    if there and not force:
        raise Conflict(f"There is a store already at {place}: --force replaces it.")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as folder:
            # Nothing is written to the backup itself: it may lie where nobody can.
            copy = Path(folder) / file.name
            copy.touch(mode=0o600)
            shutil.copyfile(file, copy)
            # Of a database that was copied as it lay, or never closed, the newest is in its log.
            log = file.with_name(f"{file.name}-wal")
            if log.exists():
                shutil.copyfile(log, copy.with_name(f"{copy.name}-wal"))
            held = checked(settings, copy, watched, migrating=True)
            database.disconnect()
            if there:
                backups.vacated(place)
            backups.replaced(copy, place)
    except OSError as error:
        raise ParleyError(f"{error.filename or place}: {error.strerror}.") from error
    return held._replace(file=str(file))
