"""The answers kept for whoever asks again (table ``attempt``), and which are being made just now."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import orjson

from service.errors import KeyInUse
from service.storage import models
from service.storage.database import database, reading, told
from service.storage.prepared import prepared
from service.storage.rows import insert

KEPT_FOR = 24 * 60 * 60 * 1_000_000
"""Microseconds that an answer is kept for."""
REMOVED_AT_ONCE = 100
"""How many that are older go with each one that comes: more than one, so that they become fewer."""


class Attempt(NamedTuple):
    """A request that may be made again: by which token, to which path, under which key.

    ``request`` is a hash of all that it says: the same key with another one is a mistake of the caller.
    """

    token: int
    route: str
    key: str
    request: bytes


class Answer(NamedTuple):
    """What was answered: its headers in their order, and its body as it was sent."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Kept(NamedTuple):
    """An answer, and the hash of the request that it was given to."""

    request: bytes
    answer: Answer


def find(attempt: Attempt) -> Kept | None:
    """What was answered to this attempt, or to another request under its key, in the last 24 hours."""
    with reading(newest=True, alone=True):
        rows = _kept(token=attempt.token, route=attempt.route, key=attempt.key, since=_now() - KEPT_FOR)
    for request, status, listed, body in rows:
        headers = [(name, value) for name, value in orjson.loads(listed)]
        return Kept(bytes(request), Answer(status, headers, bytes(body)))
    return None


@prepared
def _kept(*, token: int, route: str, key: str, since: int) -> Any:
    table = models.Attempt
    query = table.select(table.request, table.status, table.headers, table.body)
    return query.where(_under(token, route, key), table.made_at > since)


def keep(attempt: Attempt, answer: Answer) -> None:
    """Keep the answer, in the transaction of what it tells of; and remove some that have had their time."""
    now = _now()
    _removed(token=attempt.token, route=attempt.route, key=attempt.key, until=now - KEPT_FOR)
    headers = orjson.dumps(answer.headers).decode()
    insert(models.Attempt, [(*attempt, answer.status, headers, answer.body, now)])


@prepared
def _removed(*, token: int, route: str, key: str, until: int) -> Any:
    table = models.Attempt
    old = table.select(table.made_at).where(table.made_at <= until)
    old = old.order_by(table.made_at).limit(REMOVED_AT_ONCE)
    return table.delete().where(_under(token, route, key) | table.made_at.in_(old))


@contextmanager
def in_progress(attempt: Attempt) -> Iterator[None]:
    """Hold the attempt's key. Raises KeyInUse at once if another request does, in whatever process.

    Whoever holds it and dies holds it no longer.
    """
    named = orjson.dumps([attempt.token, attempt.route, attempt.key])
    # 62 bits: beside a SQLite file it is a place in another one, which is signed, with room after it.
    # Should two keys ever share one, the later is told to come again.
    number = int.from_bytes(hashlib.sha256(named).digest()[:8]) >> 2
    with told(), database.held(number) as got:
        if not got:
            raise KeyInUse("The first request with this Idempotency-Key is still in progress.")
        yield


def _under(token: int, route: str, key: str) -> Any:
    table = models.Attempt
    return (table.token == token) & (table.route == route) & (table.key == key)


def _now() -> int:
    return time.time_ns() // 1000
