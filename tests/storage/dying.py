"""Migrates the store, and dies by SIGKILL after so many statements. Run as a process of its own."""

import os
import signal
import sys
from typing import Any

from service import settings
from service.storage import database, migrate


def main(statements: int) -> None:
    database.connect(settings.load())
    left = statements

    def one_more(_: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    database.database.query_hooks.append(one_more)
    migrate.migrate()
    print(statements - left)  # noqa: T201 -- how many there were, where they were not too many


if __name__ == "__main__":
    main(int(sys.argv[1]))
