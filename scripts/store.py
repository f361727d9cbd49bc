"""Opening the store for a command."""

from service import settings
from service.settings import Settings
from service.storage import database, migrate


def opened(*, migrating: bool = False, mapped: bool = True) -> Settings:
    """Connect to the database that the settings name. Raises NotMigrated if it is not ready to be used.

    A command that reads everything once has the file read, not ``mapped``: mapped pages count as memory of
    the process, up to the size of the file.
    """
    found = settings.load()
    database.connect(found if mapped else found._replace(mmap_bytes=0), create=migrating)
    if not migrating:
        migrate.check()
    return found
