"""What is asked of a PostgreSQL server, and by which connection."""

from typing import Any

import psycopg
import pytest

from service import questions, recording
from service.diplomacy.changes import Change
from service.errors import NotFound, StoreUnavailable
from service.questions.asking import Paging, Span
from service.settings import Settings
from service.storage import records, search
from service.storage.database import database, reading, told, writing
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


def test_what_is_not_there_leaves_what_is_prepared() -> None:
    with told():
        for _ in range(OFTEN):
            with reading():
                records.state()
        kept = statements()
        assert kept
        with pytest.raises(NotFound):
            questions.timeline([], [], [], "nowhere", Span(), Paging(1))
        assert statements()[: len(kept)] == kept


@pytest.mark.parametrize("alone", [True, False])
def test_a_connection_that_the_server_closed_is_done_without(alone: bool, store: Settings) -> None:
    with told():
        closed = database.connection().info.backend_pid
    with psycopg.connect(store.database_url) as another:
        another.execute("SELECT pg_terminate_backend(%s::int, 5000)", (closed,))
    with reading(alone=alone):
        assert records.one("a", "actor", None)
        assert database.connection().info.backend_pid != closed


def test_a_server_that_goes_while_it_is_told_of_words_is_one_that_is_gone(store: Settings) -> None:
    def write() -> None:
        with writing(), psycopg.connect(store.database_url) as another:
            closed = database.connection().info.backend_pid
            another.execute("SELECT pg_terminate_backend(%s::int, 5000)", (closed,))
            search.learn([(4, "Ann", "", "", "actor")])

    with pytest.raises(StoreUnavailable):
        write()
