"""A backup, put back: checked first, and whole or not at all."""

from pathlib import Path

from service.errors import Conflict, ParleyError
from service.questions.backing_up import Held, Watched, checked, checked_dump
from service.settings import Settings
from service.storage import backups, database


def restore(settings: Settings, file: Path, watched: Watched, *, force: bool) -> Held:
    """Put a backup in the place of the store, having checked it. Raises Conflict unless there is none yet.

    With ``force`` a store that is there is replaced; not one that a service has open.
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
    held = checked(settings, file, watched)
    database.disconnect()
    if there:
        backups.vacated(place)
    try:
        backups.replaced(file, place)
    except OSError as error:
        raise ParleyError(f"{place} cannot be written: {error.strerror}.") from error
    return held
