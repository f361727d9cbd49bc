"""Records that pages name are kept at hand, and are never other than the store has them.

That answers stay right over writes of every sort is what ``tests/test_known_at.py`` shows: it takes each
answer of the present after each write, and asks for it again as of then, which nothing is kept for.
"""

import threading
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from service import recording
from service.diplomacy.changes import ANY, Change
from service.settings import Settings
from service.storage import database, mentioned, migrate, records
from tests.conftest import ACTOR, Another

IDS = ("ann", "bob")


@pytest.fixture(autouse=True)
def read(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The ids that were read from the store, with nothing at hand at first."""
    asked: list[set[str]] = []
    really = mentioned._read

    def seen(ids: Any, at: int | None) -> dict[str, mentioned.Named]:
        asked.append(set(ids))
        return really(ids, at)

    monkeypatch.setattr(mentioned, "_kept", mentioned._Kept())
    monkeypatch.setattr(mentioned, "_read", seen)
    return asked


def call(**names: str) -> None:
    changes = [
        Change("actor", id, {**ACTOR, "id": id, "name": name}, replaces=ANY if exists(id) else None)
        for id, name in names.items()
    ]
    recording.write(changes, "test")


def exists(id: str) -> bool:
    with database.reading():
        return records.one(id, "actor", None) is not None


def called(at: int | None = None) -> dict[str, str]:
    with database.reading():
        found = mentioned.records(IDS, at)
    return {id: orjson.loads(one.document)["name"] for id, one in found.items()}


def elsewhere(do: Callable[[], object]) -> None:
    """Do it in another thread, which has a connection of its own."""

    def done() -> None:
        try:
            do()
            fine.append(True)
        finally:
            database.database.close()

    fine: list[bool] = []
    thread = threading.Thread(target=done)
    thread.start()
    thread.join()
    assert fine


@pytest.mark.usefixtures("store")
def test_what_was_read_is_not_read_again(read: list[set[str]]) -> None:
    call(ann="Ann", bob="Bob")
    assert called() == called() == {"ann": "Ann", "bob": "Bob"}
    assert read == [{*IDS}]


@pytest.mark.usefixtures("store")
def test_what_was_written_is_read_again_and_nothing_else(read: list[set[str]]) -> None:
    call(ann="Ann", bob="Bob")
    called()
    call(bob="Robert")
    assert called() == {"ann": "Ann", "bob": "Robert"}
    assert read == [{*IDS}, {"bob"}]
    assert called(2) == {"ann": "Ann", "bob": "Bob"}, "as of then, nothing is at hand"


@pytest.mark.usefixtures("store")
def test_what_was_merged_is_what_it_became(read: list[set[str]]) -> None:
    call(ann="Ann", bob="Bob")
    called()
    recording.merge("actor", "bob", "ann", "test")
    assert called() == {"ann": "Ann", "bob": "Ann"}
    call(ann="Anna")
    assert called() == {"ann": "Anna", "bob": "Anna"}


@pytest.mark.usefixtures("store")
def test_who_reads_an_older_state_is_given_that(read: list[set[str]]) -> None:
    call(ann="Ann", bob="Bob")
    with database.reading():
        assert records.state().revision == 2

        def write() -> None:
            call(ann="Anna")
            assert called() == {"ann": "Anna", "bob": "Bob"}

        elsewhere(write)
        assert called() == {"ann": "Ann", "bob": "Bob"}
    assert called() == {"ann": "Anna", "bob": "Bob"}


@pytest.mark.parametrize("later", [2, 3])
def test_another_store_has_nothing_of_this_one(later: int, settings: Settings, another: Another) -> None:
    for name in ("Ann", "Nan"):
        database.connect(settings._replace(database_url=another()), create=True)
        migrate.migrate()
        for _ in range(later if name == "Nan" else 2):
            call(ann=name)
        assert called() == {"ann": name}
        database.disconnect()


@pytest.mark.usefixtures("store")
def test_after_many_writes_all_is_let_go(monkeypatch: pytest.MonkeyPatch, read: list[set[str]]) -> None:
    monkeypatch.setattr(mentioned, "WRITTEN", 3)
    call(ann="Ann", bob="Bob")
    called()
    for number in range(4):
        call(bob=f"Bob {number}")
    assert called() == {"ann": "Ann", "bob": "Bob 3"}
    assert read == [{*IDS}, {*IDS}]


def test_so_many_are_kept_and_those_named_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mentioned, "MOST", 3)
    kept, now = mentioned._Kept(), records.State(1, b"x")
    kept.find(set(), now)
    for number in range(20):
        kept.keep({str(number): mentioned.Named(str(number), b"")}, now)
        assert len(kept.find({"0"}, now)) == 1, "what is named again and again stays"
    held = kept.find({*map(str, range(20))}, now)
    assert {"0", "19"} <= held.keys()
    assert len(held) <= 6


@pytest.mark.parametrize("at", [None, 1])
def test_there_is_no_end_to_how_many_a_page_may_name(store: Settings, at: int | None) -> None:
    """More than either database takes in one statement."""
    call(ann="Ann")
    ids = {"ann", *(f"id-{number}" for number in range(70_000))}
    with database.reading():
        assert mentioned.records(ids, at).keys() == {"ann"}
