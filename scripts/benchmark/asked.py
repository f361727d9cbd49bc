"""What is asked of a store: addresses that vary over its actors, the same for the same seed, none twice.

What is asked for again is asked of a few addresses.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import apsw
import orjson

from schemas.vocabulary import KINDS, RELATIONS, STANDING

LIMIT = 100
FEW = 8
"""How many addresses are asked for again and again."""
_LAST = int(datetime(2026, 6, 30, tzinfo=UTC).timestamp())
_FIRST = int(datetime(2022, 1, 1, tzinfo=UTC).timestamp())

Paths = Callable[[int], Iterator[str]]
"""A function from a seed to addresses without end."""


class Store(NamedTuple):
    """What there is to ask for."""

    full: list[tuple[str, int]]
    """Actors whose history has more than a page, and when the entry after the first page was, in seconds."""
    names: list[str]
    """What actors are called: labels, other names, and each word of a label."""
    statements: int


def store(database: Path) -> Store:
    """Read what there is to ask for from an embedded database."""
    with apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY) as connection:
        full: Any = connection.execute(_FULL, (RELATIONS["position"], *STANDING, LIMIT + 1)).fetchall()
        statements: Any = connection.execute(_HOW_MANY, (KINDS["statement"].code,)).get
        names: dict[str, None] = {}
        for (document,) in connection.execute(_DOCUMENTS, (KINDS["actor"].code,)):
            actor = orjson.loads(document)
            given = [actor["name"], *(name["text"] for name in actor.get("names", ()))]
            names.update(dict.fromkeys([*given, *actor["name"].split()]))
    return Store(full, [*names], statements)


_FULL = """
    SELECT id, begun FROM (
        SELECT tail, earliest AS begun, row_number() OVER (PARTITION BY tail ORDER BY earliest) AS turn
        FROM edge
        WHERE relation = ? AND stance IS NOT NULL AND until IS NULL AND status IN (?, ?)
    ) JOIN record ON key = tail WHERE turn = ? ORDER BY id
"""
_HOW_MANY = "SELECT count(*) FROM record WHERE kind = ?"
_DOCUMENTS = (
    "SELECT document FROM record JOIN revision ON seq = record.revision WHERE record.kind = ? ORDER BY seq"
)


def paths(found: Store) -> dict[str, Paths]:
    """By what is measured: the addresses of a store."""
    actors = [(id, earliest + 86_400) for id, earliest in found.full]
    return {
        "history": partial(_by_actor, actors, "/v1/actors/{id}/positions?to={to}&limit={limit}"),
        "timeline": partial(_by_actor, actors, "/v1/timeline?actor={id}&to={to}&limit={limit}"),
        "timeline from a date": _dated,
        "record": partial(_records, found.statements),
        "search": partial(_searches, found.names),
    }


def _by_actor(actors: list[tuple[str, int]], pattern: str, seed: int) -> Iterator[str]:
    chance = random.Random(seed)  # noqa: S311 -- nothing secret hangs on it
    while True:
        for id, sooner in chance.sample(actors, len(actors)):
            # Any instant after the page: its entries are all there, and no two addresses are one.
            yield pattern.format(id=id, to=_instant(chance.randrange(sooner, _LAST)), limit=LIMIT)


def _dated(seed: int) -> Iterator[str]:
    chance = random.Random(seed)  # noqa: S311
    while True:
        # All but the last year, so that a page is full in the small store, too.
        moment = _instant(chance.randrange(_FIRST, _FIRST + 3 * 365 * 86_400))
        yield f"/v1/timeline?from={moment}&limit={LIMIT}"


def _instant(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _records(statements: int, seed: int) -> Iterator[str]:
    chance = random.Random(seed)  # noqa: S311
    while True:
        for number in chance.sample(range(statements), statements):
            yield f"/v1/statements/statement-{number:07}"


def _searches(names: list[str], seed: int) -> Iterator[str]:
    chance = random.Random(seed)  # noqa: S311
    for limit in cycle(range(20, 101)):
        for name in chance.sample(names, len(names)):
            yield f"/v1/search?q={quote(name)}&limit={limit}"


def in_rows(found: Store, history: str, record: str, rows: int) -> dict[str, Paths]:
    """The same of a table of positions: addresses of an actor's rows, and of the row at a place.

    Those of histories come again: who is asked by them keeps no answers.
    """

    def histories(seed: int) -> Iterator[str]:
        chance = random.Random(seed)  # noqa: S311
        while True:
            for id, _ in chance.sample(found.full, len(found.full)):
                yield history.format(id=id)

    def records(seed: int) -> Iterator[str]:
        chance = random.Random(seed)  # noqa: S311
        while True:
            yield record.format(place=chance.randint(1, rows))

    return {"history": histories, "record": records}


def again(made: Iterator[str]) -> Iterator[str]:
    """The first few of the addresses, over and over."""
    return cycle([*islice(made, FEW)])
