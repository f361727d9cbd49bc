"""The service as it is, in a worker that dies without a word in the midst of the requests that ask for it."""

import os
import signal
from collections.abc import Iterable
from typing import Any

import apsw
from flask import Flask

from service.app import create_app
from service.storage.database import database
from service.storage.embedded import Embedded

Environ = dict[str, Any]
BEFORE, AFTER = "before-commit", "after-commit"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_commit(number: int) -> None:
    """Die when this connection is about to commit what it wrote for the ``number``-th time from now."""
    seen, node = 0, database.obj
    committed = node.commit

    def committing() -> object:
        nonlocal seen
        seen += wrote()
        if seen == number:
            die()
        return committed()

    node.commit = committing


def wrote() -> bool:
    """Whether the transaction that is about to be committed has changed anything."""
    if isinstance(database.obj, Embedded):
        return bool(database.connection().txn_state("main") == apsw.SQLITE_TXN_WRITE)
    (number,) = database.execute_sql("SELECT pg_current_xact_id_if_assigned()::text").fetchone()
    return number is not None


def app() -> Flask:
    """What gunicorn is to run."""
    service = create_app()
    answering = service.wsgi_app

    def called(environ: Environ, start_response: Any) -> Iterable[bytes]:
        when = environ.get("HTTP_X_DIE")
        if when:
            # There is one commit, and it has all: what a second one would add is lost.
            die_at_commit(1 if when == BEFORE else 2)
        answer: Iterable[bytes] = answering(environ, start_response)
        if when:
            # All is written, and nothing of the answer is sent.
            die()
        return answer

    service.wsgi_app = called  # type: ignore[method-assign]
    return service
