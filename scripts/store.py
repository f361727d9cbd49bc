"""Opening the store for a command."""

from service import settings
from service.settings import Settings
from service.storage import database, migrate


def opened(*, migrating: bool = False) -> Settings:
    """Connect to the database that the settings name. Raises NotMigrated if it is not ready to be used."""
    found = settings.load()
    database.connect(found, create=migrating)
    if not migrating:
        migrate.check()
    return found
