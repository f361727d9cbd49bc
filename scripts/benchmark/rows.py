"""The positions of a store as one flat table, which is what the peers serve: 100 of its rows are 46 KB."""

import os
from pathlib import Path
from typing import Any

import apsw

from schemas.vocabulary import RELATIONS
from scripts.benchmark.plain import Position
from scripts.benchmark.plain import database as plain

_FILL = """
    INSERT INTO position (
        place, statement, holder, issue, stance, date, text, language, directness, channel, status, firmness,
        source, track, talk, recorded_at
    )
    SELECT
        row_number() OVER (ORDER BY edge.earliest, edge.latest, said.id, edge.place),
        said.id, holder.id, issue.id, edge.stance, json ->> 'made', json ->> 'text', json ->> 'language',
        json ->> 'directness', json ->> 'channel', json ->> 'status', json ->> '$.positions[0].firmness',
        json ->> '$.sources[0].source', json ->> 'track', json ->> 'talk', json ->> 'recorded_at'
    FROM store.edge
    JOIN (SELECT seq, CAST(document AS TEXT) AS json FROM store.revision) ON seq = edge.revision
    JOIN store.record AS said ON said.key = edge.record
    JOIN store.record AS holder ON holder.key = edge.tail
    JOIN store.record AS issue ON issue.key = edge.head
    WHERE edge.relation = ? AND edge.stance IS NOT NULL AND edge.until IS NULL
        AND edge.status IN ('attested', 'disputed')
"""


def made(home: Path) -> Path:
    """The file with the table, beside the store in that data folder; made if it is not there."""
    file = home / "rows.db"
    if file.exists():
        return file
    part = file.with_name(f".rows.{os.getpid()}.db")
    plain.init(str(part))
    plain.create_tables([Position])
    plain.close()
    connection = apsw.Connection(str(part))
    connection.execute("PRAGMA synchronous = off; PRAGMA cache_size = -262144")
    connection.execute("ATTACH ? AS store", (str(home / "parley.db"),))
    with connection:
        connection.execute(_FILL, (RELATIONS["position"],))
    connection.execute("DETACH store; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return part.replace(file)


def count(rows: Path) -> int:
    """How many rows there are: the last one's place."""
    with apsw.Connection(str(rows), flags=apsw.SQLITE_OPEN_READONLY) as connection:
        found: Any = connection.execute("SELECT max(place) FROM position").get
    return int(found)
