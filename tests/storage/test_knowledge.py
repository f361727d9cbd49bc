"""Questions from a date on: what had begun before it is found by how long it lasts, all of it and once."""

import pytest
from peewee import SQL

from service.diplomacy.dates import BEGINNING, END
from service.settings import Settings
from service.storage.database import database, reading, writing
from service.storage.knowledge import Window, ways, within
from service.storage.models import KIND_CODES, Record
from service.storage.rows import insert

DAY, MONTH = 86_400, 32 * 86_400
LENGTHS = (0, 1, DAY - 2, DAY - 1, DAY, DAY + 1, MONTH - 1, MONTH, MONTH + 1, 13 * MONTH)
BEGUN = tuple(range(-3 * MONTH, 3 * MONTH, DAY // 2)) + tuple(range(-3, 3))
SPANS = {
    *((begun, begun + length) for begun in BEGUN for length in LENGTHS),
    *((begun, END) for begun in BEGUN),
    *((BEGINNING, begun) for begun in BEGUN),
    (BEGINNING, END),
    (END, END),
}
SINCE = (0, 1, -1, DAY, DAY - 1, MONTH, MONTH + 1, -2 * MONTH, 20 * MONTH)


@pytest.fixture
def dated(store: Settings) -> None:
    with writing():
        insert(
            Record,
            [
                (key, f"t{key}", KIND_CODES["talk"], None, None, "", *bounds, None)
                for key, bounds in enumerate(sorted(SPANS), start=1)
            ],
        )


@pytest.mark.parametrize("since", SINCE)
@pytest.mark.parametrize("until", [None, 0, MONTH])
@pytest.mark.parametrize("as_of", [None, 2 * MONTH])
def test_each_row_of_a_window_is_found_one_way(
    dated: None, since: int, until: int | None, as_of: int | None
) -> None:
    window = Window(since, until, as_of)
    with reading():
        expected = [key for (key,) in Record.select(Record.key).where(*within(Record, window)).tuples()]
        found = [
            key
            for conditions in ways(Record, window)
            for (key,) in Record.select(Record.key).where(*conditions).tuples()
        ]
    assert sorted(found) == sorted(expected)


@pytest.mark.database("sqlite")
def test_what_lasts_long_is_read_from_its_own_index(dated: None) -> None:
    """However much there is before: the plan names the index, and the range in it where there is one."""
    used = []
    with reading():
        for conditions in ways(Record, Window(0)):
            query = Record.select(SQL("1")).where(Record.kind == "talk", *conditions)
            sql, parameters = query.order_by(Record.earliest, Record.latest, Record.id).limit(9).sql()
            (plan,) = database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
            used.append(plan[3].partition("INDEX ")[2])
    assert used == [
        "record_kind_earliest_latest_id (kind=? AND earliest>? AND earliest<?)",
        "record_kind_earliest_latest_id (kind=? AND earliest>? AND earliest<?)",
        "record_kind_month (kind=? AND earliest>? AND earliest<?)",
        "record_kind_longer (kind=? AND earliest<?)",
    ]
