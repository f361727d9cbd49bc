"""Full-text search: what the index holds of each record, and what it finds."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from peewee import SQL, chunked
from playhouse.sqlite_ext import FTS5Model, RowIDField, SearchField

from service.storage.database import database
from service.storage.models import Record, Revision
from service.storage.writing import ROWS_AT_ONCE

WEIGHTS = (10.0, 8.0, 1.0)
"""How much a word counts in a label, in another name, in a text (bm25)."""


class Search(FTS5Model):
    """The words of every current record, by the record's key."""

    rowid = RowIDField()
    label = SearchField()
    names = SearchField()
    text = SearchField()

    class Meta:
        database = database


class Hit(NamedTuple):
    """A record found, best first; a higher score is a better one."""

    id: str
    kind: str
    label: str
    score: float
    document: bytes


def learn(rows: Iterable[tuple[int, str, str, str]]) -> None:
    """Add records to the index: key, label, names, text."""
    for some in chunked(rows, ROWS_AT_ONCE):
        Search.insert_many(some, fields=[Search.rowid, Search.label, Search.names, Search.text]).execute()


def forget(keys: Sequence[int]) -> None:
    """Take records out of the index."""
    for some in chunked(keys, ROWS_AT_ONCE):
        Search.delete().where(Search.rowid.in_(some)).execute()


def find(text: str, kinds: Sequence[str], offset: int, limit: int) -> list[Hit]:
    """Records that hold the words of a search-box text: quoted phrases, OR and -exclusion are understood."""
    wanted = Search.web_query(text.replace("\0", " "))  # FTS5 takes NUL for the end of the text.
    if not wanted:
        return []
    rank = Search.bm25(*WEIGHTS)
    query = (
        Search.select(Record.id, Record.kind, Record.label, rank.alias("rank"), Revision.document)
        .join(Record, on=(Record.key == Search.rowid))
        .join(Revision, on=(Revision.seq == Record.revision))
        .where(Search.match(wanted))
        .order_by(SQL("rank"), Record.id)
        .offset(offset)
        .limit(limit)
    )
    if kinds:
        query = query.where(Record.kind.in_(kinds))
    # bm25 is the better the lower it is.
    return [Hit._make((*row[:3], -row[3], row[4])) for row in query.tuples()]
