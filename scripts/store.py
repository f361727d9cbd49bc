"""Opening the store for a command."""

from service import settings
from service.settings import Settings
from service.storage import database, migrate


def opened(migrated: bool = True) -> Settings:
    """Connect to the database that the settings name. Raises NotMigrated if it has to be ready and is not."""
    found = settings.load()
    database.connect(found)
    if migrated:
        migrate.check()
    return found
