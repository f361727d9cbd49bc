"""Indexes of a kind's types, and of the statuses that few of its records have.

A page of what is rare was looked for among all records of the kind. What nearly all have is soon found so,
and has no index.
"""

from typing import Any

RARE = "status <> 'attested' AND status <> 'held'"
INDEXES = (
    ("record", "type", "kind, type, earliest, latest, id", ""),
    ("record", "status", "kind, status, earliest, latest, id", f"WHERE {RARE}"),
    ("revision", "type", "kind, type, earliest, latest", ""),
    ("revision", "status", "kind, status, earliest, latest", f"WHERE {RARE}"),
)


def up(_: Any, db: Any) -> None:
    for table, by, columns, which in INDEXES:
        db.execute_sql(f"CREATE INDEX {table}_kind_{by} ON {table} ({columns}) {which}")
