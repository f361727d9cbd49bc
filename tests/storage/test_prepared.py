"""Queries that are put into SQL once for each shape of their values."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from service import recording
from service.diplomacy.changes import Change
from service.settings import Settings
from service.storage.database import database, reading
from service.storage.models import Record
from service.storage.prepared import padded, prepared
from tests.conftest import ACTOR


class Between(NamedTuple):
    """Two ids, either of which may be left out."""

    first: str | None = None
    last: str | None = None


class Asked:
    """A query, and how often it was written."""

    def __init__(self) -> None:
        self.written = 0

        @prepared
        def ids(kind: str, *, of: tuple[str, ...], between: Between, limit: int) -> Any:
            self.written += 1
            query = Record.select(Record.id).where(Record.kind == kind)
            if of:
                query = query.where(Record.id.in_(of))
            if between.first is not None:
                query = query.where(Record.id >= between.first)
            if between.last is not None:
                query = query.where(Record.id <= between.last)
            return query.order_by(Record.id).limit(limit)

        self._ids = ids

    def __call__(
        self, kind: str = "actor", of: str = "", first: str | None = None, last: str | None = None
    ) -> str:
        with reading():
            rows = self._ids(kind, of=tuple(of), between=Between(first, last), limit=100)
            return "".join(id for (id,) in rows)


@pytest.fixture
def asked(store: Settings) -> Asked:
    recording.write([Change("actor", id, ACTOR) for id in "abcdefg"], "test")
    return Asked()


def test_each_shape_is_written_once_and_holds_for_every_value(asked: Asked) -> None:
    for first, last in ("ag", "bc", "cb", "ee"):
        expected = "".join(id for id in "abcdefg" if first <= id <= last)
        assert asked(first=first, last=last) == expected
    assert asked.written == 1
    for first in "adg":
        assert asked(first=first) == "abcdefg"["abcdefg".index(first) :]
    for last in "adg":
        assert asked(last=last) == "abcdefg"[: "abcdefg".index(last) + 1]
    # Which of two is left out, and how many there are of a list, are other queries; what they are is not.
    assert asked.written == 3
    for of in ("ab", "ga", "zz", "abc", "xyz"):
        assert asked(of=of) == "".join(sorted({*of} & {*"abcdefg"}))
    assert asked.written == 5
    # So is a word that the query is made of, which is turned into its code.
    assert asked("source", first="a") == ""
    assert asked.written == 6
    assert asked(first="g") == "g"
    assert asked.written == 6


def test_lists_come_in_few_lengths() -> None:
    assert [padded("abcde"[:many]) for many in range(6)] == [
        (), ("a",), ("a", "b"), (*"abcc",), (*"abcd",), (*"abcdeeee",)
    ]  # fmt: skip


def test_a_value_is_never_sql(asked: Asked) -> None:
    assert asked(first="a' OR 1=1 --") == "bcdefg"
    assert asked(of="?%") == ""


def test_many_threads_may_ask(asked: Asked) -> None:
    def ask(number: int) -> bool:
        try:
            return asked(first="abcdefg"[number % 7]) == "abcdefg"[number % 7 :]
        finally:
            database.close()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(200)))


def test_numbers_of_one_query_may_be_small_and_large(store: Settings) -> None:
    """Also where the first are small, by which a driver might take all for small ones."""
    recording.write([Change("actor", "ann", ACTOR)], "test")
    with reading():
        small, large = (database.one_of(Record.revision, numbers) for numbers in ([1], {100_000, 2**31 - 1}))
        assert [*database.rows(Record.select(Record.id).where(small | large))] == [("ann",)]
        assert [*database.rows(Record.select(Record.id).where(small, large))] == []
        none = database.one_of(Record.revision, [])
        assert [*database.rows(Record.select(Record.id).where(small, none))] == []
