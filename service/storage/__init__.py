"""Records, revisions and edges, and what stands beside them: the only code that speaks to a database."""

import os
import sys

if "psycopg" not in sys.modules and not os.environ.get("PARLEY_DATABASE_URL", "").startswith("postgres"):
    # peewee loads every driver that it finds. Where the records are in a file, psycopg would take 15 MB of
    # each process, and a tenth of a second of each command, for nothing.
    sys.modules["psycopg"] = None  # type: ignore[assignment]
    try:
        import playhouse.migrations  # noqa: F401 -- now, and peewee with it
    finally:
        del sys.modules["psycopg"]
