"""An edge is in an index by the ends that its document names, no more by the record that states it.

What a record states lies together, by its revision: to find it there was an entry for nearly every edge, and
one in three was no use for anything else.
"""

from typing import Any

DAY, MONTH = 86_400, 32 * 86_400

SPELLS = {
    "": "",
    "_month": f"latest >= earliest + {DAY} AND latest < earliest + {MONTH} AND ",
    "_longer": f"latest >= earliest + {MONTH} AND ",
}
"""As migration 0003 has them, and all."""

# Of a list SQLite would make a table for every edge that is written.
ENDS = {
    # Who holds a position, speaks, took part, sponsored and was involved; and a merged record by its own end:
    # what it became is looked for by it.
    "tail": " OR ".join(f"relation = {code}" for code in (1, 2, 3, 4, 12, 16, 24)),
    # All but what speaks, takes part, sponsors and is involved.
    "head": " AND ".join(f"relation <> {code}" for code in (3, 4, 12, 16)),
}


def up(_: Any, db: Any) -> None:
    for end, named in ENDS.items():
        db.execute_sql(f"DROP INDEX edge_{end}_relation_earliest_latest_until")
        for spell, lasting in SPELLS.items():
            if spell:
                db.execute_sql(f"DROP INDEX edge_{end}{spell}")
            columns = f"{end}, relation, earliest, latest, until"
            db.execute_sql(f"CREATE INDEX edge_{end}{spell} ON edge ({columns}) WHERE {lasting}({named})")
