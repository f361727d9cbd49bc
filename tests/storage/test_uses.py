"""When a token was last used: noted while others wait for nothing, and written where it can be."""

import logging
import threading
import time

import pytest
from flask import Flask

from service import settings as all_settings
from service.app import create_app
from service.settings import Settings
from service.storage import tokens, uses
from service.storage.database import database, disconnect
from tests.behind import nobody_writes
from tests.conftest import caller


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread writes in between, not even one that a test before has left: a test says when."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer) and thread.function is uses.write:
            thread.cancel()
            thread.join()
    monkeypatch.setattr(uses, "WAIT", 3600.0)
    monkeypatch.setattr(uses, "_noted", {})


def last_used() -> int | None:
    return tokens.everyone()[0].last_used_at


def test_a_use_is_noted_at_once_and_written_later(store: Settings) -> None:
    token = tokens.create("desk", "read")
    before = time.time_ns() // 1000
    assert tokens.holder(token)
    assert last_used() is None
    uses.write()
    first = last_used()
    assert first is not None
    assert before <= first <= time.time_ns() // 1000
    # Within the minute nothing more is noted, and nothing written.
    assert tokens.holder(token)
    uses.write()
    assert last_used() == first


def test_it_is_written_once_a_minute_and_never_back(store: Settings) -> None:
    tokens.create("desk", "read")
    uses.note(1, 500_000_000, None)
    uses.write()
    uses.note(1, 500_000_000 + uses.MINUTE - 1, last_used())
    uses.write()
    assert last_used() == 500_000_000
    uses.note(1, 500_000_000 + uses.MINUTE, last_used())
    uses.write()
    assert last_used() == 560_000_000
    uses.note(1, 400_000_000, None)  # Of a worker that was late.
    uses.write()
    assert last_used() == 560_000_000


def test_a_token_that_is_not_good_is_not_used(store: Settings) -> None:
    token = tokens.create("desk", "read")
    tokens.revoke(1)
    assert tokens.holder(token) is None
    uses.write()
    assert last_used() is None


def test_a_thread_writes_it(store: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uses, "WAIT", 0.01)
    written, write = threading.Event(), uses.write
    monkeypatch.setattr(uses, "write", lambda: (write(), written.set()))
    assert tokens.holder(tokens.create("desk", "read"))
    assert written.wait(10)
    assert last_used() is not None


def test_a_locked_database_neither_delays_a_read_nor_fails_it(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PARLEY_BUSY_TIMEOUT", "2")
    reader = caller(create_app(all_settings.load()), "read")
    assert reader.get("/v1/actors").status_code == 200
    writing = threading.Thread(target=uses.write)
    with nobody_writes(settings), caplog.at_level(logging.INFO, logger=uses.__name__):
        writing.start()
        began = time.monotonic()
        for _ in range(20):
            assert reader.get("/v1/actors").status_code == 200
        took = time.monotonic() - began
        assert writing.is_alive(), "it waits for the lock, and nobody else does"
        assert took < 2
        writing.join(30)
    assert "not written" in caplog.text
    assert last_used() is None
    assert reader.get("/v1/actors").status_code == 200  # Noted again
    uses.write()
    assert last_used() is not None


def test_no_connection_is_closed_while_it_is_written_by(app: Flask, settings: Settings) -> None:
    """To close one in the midst of a query ended the process: libpq has no guard against it."""
    assert caller(app, "read").get("/v1/actors").status_code == 200
    writing = threading.Thread(target=uses.write)
    disconnecting = threading.Thread(target=disconnect)
    with nobody_writes(settings):
        writing.start()
        time.sleep(0.2)
        disconnecting.start()
        disconnecting.join(0.2)
        assert disconnecting.is_alive()
        assert writing.is_alive()
    for thread in (writing, disconnecting):
        thread.join(30)
    assert last_used() is not None


@pytest.mark.database("sqlite")
def test_a_store_that_takes_no_writes_is_read(app: Flask) -> None:
    reader = caller(app, "read")
    writer = database.obj._writing()
    writer.execute("PRAGMA query_only = 1")
    assert reader.get("/v1/actors").status_code == 200
    uses.write()
    assert reader.get("/v1/actors").status_code == 200
    assert last_used() is None
    writer.execute("PRAGMA query_only = 0")


def test_what_was_noted_of_another_store_is_not_written_to_this_one(app: Flask, settings: Settings) -> None:
    tokens.create("desk", "read")
    uses.note(1, 500_000_000, None)
    database.close()
    create_app(settings)  # connects anew
    uses.write()
    assert last_used() is None
