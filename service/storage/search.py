"""Full-text search: what the index holds of each record, and what it finds."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from apsw import FTS5_TOKENIZE_DOCUMENT
from peewee import SQL, chunked
from playhouse.sqlite_ext import FTS5Model, RowIDField, SearchField

from service.storage.database import database
from service.storage.models import Record, Revision
from service.storage.writing import ROWS_AT_ONCE

WEIGHTS = (10.0, 8.0, 1.0)
"""How much a word counts in a label, in another name, in a text (bm25)."""

COLUMNS = ("label", "names", "text")
TOKENIZER = ("unicode61", ["remove_diacritics", "2"])
"""As the migration has it."""
PROBED = 12
"""Words of a column that a check looks for."""


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


def held(after: int, last: int | None) -> set[int]:
    """The keys beyond ``after`` and up to ``last`` under which the index holds anything."""
    query = Search.select(Search.rowid).where(Search.rowid > after)
    if last is not None:
        query = query.where(Search.rowid <= last)
    return {key for (key,) in query.tuples()}


def lacking(rows: Iterable[tuple[int, str, str, str]]) -> set[int]:
    """The keys of those rows that the index does not find by the words that each column begins with."""
    words_of = database.connection().fts5_tokenizer(*TOKENIZER)
    missing = set()
    for key, *columns in rows:
        phrases = []
        for name, text in zip(COLUMNS, columns, strict=True):
            words = words_of(
                text.encode(), FTS5_TOKENIZE_DOCUMENT, None, include_offsets=False, include_colocated=False
            )
            if words:  # What has none, a label such as "?", is not in the index and matches nothing.
                phrases.append(f'{name} : "{" ".join(words[:PROBED])}"')
        there = Search.select(Search.rowid).where(Search.rowid == key)
        if not there.where(Search.match(" AND ".join(phrases))).exists() if phrases else not there.exists():
            missing.add(key)
    return missing


def find(texts: Sequence[str], kinds: Sequence[str], offset: int, limit: int) -> list[Hit]:
    """Records that hold the words of any of the search-box texts.

    Quoted phrases, OR and -exclusion are understood.
    """
    # FTS5 takes NUL for the end of the text.
    asked = [found for text in texts if (found := Search.web_query(text.replace("\0", " ")))]
    if not asked:
        return []
    wanted = " OR ".join(f"({one})" for one in asked) if len(asked) > 1 else asked[0]
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
