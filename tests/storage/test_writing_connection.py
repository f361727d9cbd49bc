"""By which connection a process writes to a file: one, whichever thread it is."""

import os
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import apsw
import peewee
import pytest
from playhouse.apsw_ext import APSWDatabase

from service import recording
from service.diplomacy.changes import Change
from service.errors import StoreUnavailable
from service.settings import Settings
from service.storage import database, models
from service.storage.embedded import CACHE_KIBIBYTES, USUAL_KIBIBYTES
from tests.conftest import ACTOR

pytestmark = pytest.mark.database("sqlite")


def write(id: str) -> None:
    recording.write([Change("actor", id, ACTOR)], "test")


def used() -> tuple[Any, Any]:
    """The connection of this thread, and the one that it writes by."""
    with database.reading():
        own = database.database.connection()
    with database.writing():
        return own, database.database.connection()


def in_threads(act: Any, many: int = 3) -> list[Any]:
    found: list[Any] = []

    def run() -> None:
        found.append(act())
        database.database.close()

    threads = [threading.Thread(target=run) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def write_and_fail(id: str) -> None:
    with database.writing():
        write(id)
        raise RuntimeError


def fail(_: APSWDatabase) -> None:
    raise peewee.OperationalError("disk I/O error")


def test_threads_read_by_their_own_and_write_by_one(store: Settings) -> None:
    found = [used(), *in_threads(used)]
    assert len({id(own) for own, _ in found}) == 4
    assert len({id(writer) for _, writer in found}) == 1


def test_what_fails_lets_the_next_one_write(store: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    own, writer = used()
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), database.writing():
            raise error
    in_threads(lambda: write("ann"), 1)
    assert used() == (own, writer)
    with monkeypatch.context() as patched:
        patched.setattr(APSWDatabase, "rollback", fail)
        with pytest.raises(StoreUnavailable):
            write_and_fail("bob")
    in_threads(lambda: write("bob"), 1)
    assert used()[0] is own
    assert used()[1] is not writer


def test_one_inside_of_another_is_part_of_it_unless_it_may_be_undone_alone(store: Settings) -> None:
    with database.writing():
        write("a")
        with suppress(RuntimeError), database.undoable():
            write_and_fail("b")
        write("c")
    with suppress(RuntimeError), database.writing():
        write("d")
        write_and_fail("e")
    with database.reading():
        assert [record.id for record in models.Record.select().order_by(models.Record.id)] == ["a", "c"]


def test_a_file_put_in_its_place_is_written_from_then_on(store: Settings) -> None:
    file = Path(store.database_url.removeprefix("sqlite:///"))
    write("ann")
    copy = file.with_name("copy.db")
    with closing(apsw.Connection(str(file))) as there:
        there.execute("VACUUM INTO ?", (str(copy),))
    write("bob")
    for rest in ("-wal", "-shm"):
        Path(f"{file}{rest}").unlink()
    os.replace(copy, file)  # noqa: PTH105
    with pytest.raises(StoreUnavailable):
        write("cy")
    write("dan")
    with closing(apsw.Connection(str(file))) as there:
        assert there.execute("SELECT id FROM record ORDER BY key").fetchall() == [("ann",), ("dan",)]


def test_the_room_for_many_rows_is_that_of_who_writes(store: Settings) -> None:
    def room() -> int:
        with database.writing():
            return int(database.database.execute_sql("PRAGMA cache_size").fetchone()[0])

    usual = room()
    with database.roomy():
        assert room() == -CACHE_KIBIBYTES != usual == -USUAL_KIBIBYTES
    assert room() == usual
    with database.writing():
        with database.roomy():
            assert room() == -CACHE_KIBIBYTES
        assert room() == usual
