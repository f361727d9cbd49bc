"""Full-text search: what the index holds of each record, and what it finds."""

from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import NamedTuple

from peewee import SQL
from playhouse import fts_parser

from service.storage.database import database
from service.storage.embedded import Embedded
from service.storage.models import Record, Revision

COLUMNS = ["label", "names", "text"]


class Hit(NamedTuple):
    """A record found, best first; a higher score is a better one."""

    id: str
    kind: str
    label: str
    score: float
    document: bytes


def _index() -> ModuleType:
    """The database's own."""
    if isinstance(database.obj, Embedded):
        from service.storage import fts5

        return fts5
    from service.storage import tsvector

    return tsvector


def learn(rows: Iterable[tuple[int, str, str, str]]) -> None:
    """Add records to the index: key, label, names, text."""
    _index().learn(rows)


def forget(keys: Sequence[int]) -> None:
    """Take records out of the index."""
    _index().forget(keys)


def held(after: int, last: int | None) -> set[int]:
    """The keys beyond ``after`` and up to ``last`` under which the index holds anything."""
    key = _index().key
    query = key.model.select(key).where(key > after)
    if last is not None:
        query = query.where(key <= last)
    return {key for (key,) in query.tuples()}


def lacking(rows: Iterable[tuple[int, str, str, str]]) -> set[int]:
    """The keys of those rows of which the index does not hold the words."""
    missing: set[int] = _index().lacking(rows)
    return missing


def find(texts: Sequence[str], kinds: Sequence[str], offset: int, limit: int) -> list[Hit]:
    """Records that hold the words of any of the search-box texts.

    Quoted phrases, OR and -exclusion are understood.
    """
    # FTS5 takes NUL for the end of the text.
    asked = [found for text in texts if (found := fts_parser.parse(text.replace("\0", " "), COLUMNS))]
    if not asked:
        return []
    rows, score = _index().matching(asked)
    query = (
        rows.select(Record.id, Record.kind, Record.label, score.alias("score"), Revision.document)
        .join_from(Record, Revision, on=(Revision.seq == Record.revision))
        .order_by(SQL("score").desc(), Record.id)
        .offset(offset)
        .limit(limit)
    )
    if kinds:
        query = query.where(Record.kind.in_(kinds))
    return [Hit._make((*row[:4], bytes(row[4]))) for row in query.tuples()]
