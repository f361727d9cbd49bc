"""An import into an empty store makes the indexes of edges when all edges are there."""

import io
import json

import pytest

from scripts import sample
from service import questions
from service.errors import Invalid
from service.ingest import ndjson
from service.questions import Paging
from service.settings import Settings
from service.storage.database import database, reading, writing
from service.storage.models import Edge

SEVERAL_BATCHES = 1_500


def _file(*more: str) -> io.BytesIO:
    made = sample.made_up(sample.Shape(SEVERAL_BATCHES), 1)
    return io.BytesIO("\n".join([*map(json.dumps, made), *more]).encode())


def _indexes() -> list[object]:
    with reading():
        return sorted(database.get_indexes("edge"))


def test_they_are_those_that_were_there(store: Settings) -> None:
    before = _indexes()
    ndjson.load(_file(), "test")
    assert _indexes() == before
    assert len(before) > 1
    # Whoever leaves one out, by its own term, finds as many.
    with reading():
        assert Edge.select().where(Edge.tail > 0).count() == Edge.select().where(Edge.head > 0).count() > 0


def test_they_are_there_when_it_was_refused(store: Settings) -> None:
    before = _indexes()
    with pytest.raises(Invalid):
        ndjson.load(_file("{}"), "test")
    assert _indexes() == before
    assert questions.state() == 0


@pytest.mark.database("sqlite")
def test_the_words_of_all_are_in_one_piece(store: Settings) -> None:
    with writing():  # A piece for so many bytes of words, as a large file makes them.
        database.execute_sql("INSERT INTO search (search, rank) VALUES ('hashsize', 10000)")
    ndjson.load(_file(), "test")
    with reading():
        pieces = database.execute_sql("SELECT count(DISTINCT segid) FROM search_idx").fetchone()[0]
    assert pieces == 1
    assert questions.found("round", [], Paging(5)).items
