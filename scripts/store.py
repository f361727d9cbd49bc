"""Opening the store for a command."""

from service import settings
from service.settings import Settings
from service.storage import database, migrate


def opened(*, migrating: bool = False, mapped: bool = True, unready: bool = False) -> Settings:
    """Connect to the database that the settings name. Raises NotMigrated if it is not ready to be used,
    unless it is to be looked at ``unready``.

    A command that reads everything once has the file read, not ``mapped``: mapped pages count as memory of
    the process, up to the size of the file.
    """
    found = settings.load()
    if not mapped:
        found = found._replace(mmap_bytes=0)
    # A command sees what the one before it wrote: it asks the primary.
    database.connect(found._replace(database_read_url=""), create=migrating)
    if not migrating and not unready:
        migrate.check()
    return found
