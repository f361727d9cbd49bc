"""Full-text search in a SQLite file: an FTS5 table, without the texts themselves."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import peewee
from playhouse.sqlite_ext import FTS5Model, RowIDField, SearchField

from service.storage.database import database
from service.storage.prepared import padded, prepared
from service.storage.rows import parts
from service.storage.words import MARK, Words, words_of

PROBED = 100
"""Words of a column that a check looks for: a batch of the longest texts would have millions."""


class Search(FTS5Model):
    """The words of every current record, by the record's key."""

    rowid = RowIDField()
    label = SearchField()
    names = SearchField()
    text = SearchField()
    kind = SearchField()

    class Meta:
        database = database


key = Search.rowid


def learn(rows: Iterable[Words]) -> None:
    # Not by peewee, which would take ten times as long to write it as SQLite to carry it out.
    with peewee.__exception_wrapper__:
        database.cursor().executemany(
            "INSERT INTO search (rowid, label, names, text, kind) VALUES (?, ?, ?, ?, ?)",
            [(*said, MARK + kind) for *said, kind in rows],
        )


def put_together() -> None:
    # https://sqlite.org/fts5.html#the_optimize_command
    database.execute_sql("INSERT INTO search (search) VALUES ('optimize')")


def forget(keys: Sequence[int]) -> None:
    for some in parts(keys):
        _forgotten(keys=padded(some))


@prepared
def _forgotten(*, keys: tuple[int, ...]) -> Any:
    return Search.delete().where(Search.rowid.in_(keys))


def lacking(rows: Iterable[Words]) -> set[int]:
    """The keys of those rows that the index does not find by each of the words that a column begins with.

    Of all rows together each word is looked for once, between the first of their keys and the last: to get
    there takes FTS5 longer than to read on.
    """
    said: dict[tuple[str, str], set[int]] = defaultdict(set)
    keys = set[int]()
    for key, *texts, kind in rows:
        keys.add(key)
        said["kind", MARK + kind].add(key)
        for column, text in zip(("label", "names", "text"), texts, strict=True):
            for word in words_of(text)[:PROBED]:
                said[column, word].add(key)
    missing, first, last = set[int](), min(keys, default=0), max(keys, default=0)
    for (column, word), of in said.items():
        found = _holding(first=first, last=last, words=f'{column} : "{word}"')
        missing |= of - {key for (key,) in found}
    return missing


@prepared
def _holding(*, first: int, last: int, words: str) -> Any:
    """The keys of those from the first to the last that have the words."""
    return Search.select(Search.rowid).where(Search.rowid.between(first, last), Search.match(words))


def either(asked: Sequence[str], kinds: Sequence[str]) -> str:
    """The query that finds what any of these finds, in records of these kinds; none: of any."""
    said = " OR ".join(f"({one})" for one in asked)
    return f"({said}) AND {_of_kinds(kinds)}" if kinds else said


def _of_kinds(kinds: Sequence[str]) -> str:
    return "kind : (" + " OR ".join(f'"{MARK}{kind}"' for kind in kinds) + ")"


def holds(wanted: Any) -> Any:
    """The condition that a record is found by the query."""
    return Search.match(wanted)
