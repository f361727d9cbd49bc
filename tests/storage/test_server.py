"""What is asked of a PostgreSQL server, and by which connection."""

from typing import Any

import pytest

from service import recording
from service.diplomacy.changes import Change
from service.settings import Settings
from service.storage.database import database, told
from service.storage.models import Record
from service.storage.prepared import prepared
from tests.conftest import ACTOR

pytestmark = pytest.mark.database("postgresql")

OFTEN = 6
"""So many times a query is asked until psycopg has it prepared."""


@pytest.fixture(autouse=True)
def held(store: Settings) -> None:
    recording.write([Change("actor", id, ACTOR) for id in "abc"], "test")


@prepared
def _ids(kind: str, limit: int, *, key: int, also: int, id: str) -> Any:
    query = Record.select(Record.id).where(Record.kind == kind, Record.key.not_in([key, also]))
    return query.where(Record.id >= id).order_by(Record.id).limit(limit)


def statements() -> list[str]:
    found = database.execute_sql("SELECT statement FROM pg_prepared_statements").fetchall()
    return [sql for (sql,) in found if sql.startswith("SELECT")]


def test_a_query_is_one_to_the_server_whatever_the_numbers() -> None:
    with told():
        for key in range(OFTEN):
            for size in (1, 2**20, 2**40):
                assert _ids("actor", 2, key=-key * size, also=size, id="b") == [("b",), ("c",)]
        (sql,) = statements()
        assert sql.endswith("LIMIT 2")
        assert ("$3" in sql, "$4" in sql) == (True, False)
