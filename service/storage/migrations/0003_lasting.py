"""Indexes of what lasts longer than a day, and than a month: few rows, which began long before they end.

A question from a date on wants what began since, and what had begun and was not over. By how long it lasted
the latter lies within a day of that date, or within a month, or is one of a few.
"""

from typing import Any

DAY, MONTH = 86_400, 32 * 86_400
"""Seconds; the longest month, and a day for whoever writes one from noon to noon."""

SPELLS = (
    ("month", f"latest >= earliest + {DAY} AND latest < earliest + {MONTH}"),
    ("longer", f"latest >= earliest + {MONTH}"),
)
ORDERS = (
    ("record", "kind", "kind, earliest, latest, id"),
    ("revision", "kind", "kind, earliest, latest"),
    ("edge", "tail", "tail, relation, earliest, latest, until"),
    ("edge", "head", "head, relation, earliest, latest, until"),
)


def up(_: Any, db: Any) -> None:
    for table, by, columns in ORDERS:
        for spell, lasting in SPELLS:
            db.execute_sql(f"CREATE INDEX {table}_{by}_{spell} ON {table} ({columns}) WHERE {lasting}")
