"""An index that answers for a position by itself: whether it is known and stands, and who says so.

The one before had holder, issue, date and stance. For the rest each edge was read: where a network of
everybody was asked for, that of every position there is.
"""

from typing import Any

# `since` is in every index of SQLite by itself, as part of the key of the table; in none of PostgreSQL.
COLUMNS = "tail, head, relation, earliest, latest, stance, status, until, place, record, since"


def up(_: Any, db: Any) -> None:
    db.execute_sql("DROP INDEX edge_stance")
    db.execute_sql(f"CREATE INDEX edge_stance ON edge ({COLUMNS}) WHERE stance IS NOT NULL")
